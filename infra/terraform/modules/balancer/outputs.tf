output "container" {
  description = "Name of the balancer's container."
  value       = docker_container.this.name
}

output "state_volume" {
  description = "Name of the volume with the desired fleet and the slot table."
  value       = docker_volume.state.name
}
