"""Ringmaster on Docker Swarm: servers as services, and the fleet in the raft."""
