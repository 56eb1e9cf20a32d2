"""Docker Swarm: what several hosts have in the place of one engine."""
