"""The HTTP side of the balancer: the public API and the control port."""
