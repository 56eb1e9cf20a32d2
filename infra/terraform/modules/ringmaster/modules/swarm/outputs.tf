output "network" {
  description = "Name of the servers' network."
  value       = docker_network.this["servers"].name
}

output "services" {
  description = "Name of each service, by role."
  value       = { balancer = docker_service.balancer.name, edge = docker_service.edge.name, keeper = docker_service.keeper.name }
}

output "network_id" {
  description = "Id of the servers' network."
  value       = docker_network.this["servers"].id
}
