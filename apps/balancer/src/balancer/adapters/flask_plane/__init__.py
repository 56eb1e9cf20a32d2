"""The data plane flask: the balancer forwards requests by itself."""
