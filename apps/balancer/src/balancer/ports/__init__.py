"""Ports: small interfaces to everything outside of the balancer that the services need."""
