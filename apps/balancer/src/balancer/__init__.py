"""Ringmaster's balancer: it places requests on a consistent-hash ring and owns the fleet of servers."""

VERSION = "unreleased"
"""As CHANGELOG.md names it."""
