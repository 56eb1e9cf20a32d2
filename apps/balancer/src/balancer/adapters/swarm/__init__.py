"""Docker Swarm in the place of one engine: servers are services, and the fleet is in the raft."""
