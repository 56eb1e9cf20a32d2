"""Fakes: in-memory adapters of the balancer's ports. Each passes the same contract tests as the real adapter."""
