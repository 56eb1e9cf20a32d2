output "container" {
  description = "Name of the keeper's container."
  value       = docker_container.this.name
}
