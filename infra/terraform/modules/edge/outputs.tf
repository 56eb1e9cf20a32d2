output "container" {
  description = "Name of the edge's container."
  value       = docker_container.this.name
}
