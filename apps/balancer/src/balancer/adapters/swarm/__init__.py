"""Docker Swarm: what several hosts have in the place of one engine. Servers are services, and the fleet is in the raft."""
