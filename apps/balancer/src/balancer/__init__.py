"""Ringmaster's balancer: places requests on a consistent-hash ring and owns the fleet behind it."""
