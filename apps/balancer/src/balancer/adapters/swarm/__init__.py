"""Docker Swarm: the adapters of a deployment on several hosts. They call a manager's engine."""
