"""Ringmaster's balancer: it places requests on a consistent-hash ring and owns the fleet of servers."""

VERSION = "1.0.0-dev"
"""The project's version, said here only; between releases that of the next one with -dev. See docs/releasing.md."""
