"""Metrics for Prometheus: their families, what counts them, what reads them, and the text that Prometheus scrapes."""
