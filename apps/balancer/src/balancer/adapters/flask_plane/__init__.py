"""The Flask data plane: the balancer forwards requests by itself."""
