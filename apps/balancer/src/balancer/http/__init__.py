"""The HTTP faces of the balancer: the public API and the control port."""
