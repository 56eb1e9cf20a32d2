"""Many edges: the balancer's side (hub, many_edges) and what it says with the agent beside each edge (wire)."""
