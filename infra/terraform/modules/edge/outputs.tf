output "container" {
  description = "Name of the edge's container."
  value       = docker_container.this.name
}

output "volume" {
  description = "Name of the volume with the edge's configuration and sockets."
  value       = docker_volume.this.name
}
