output "container" {
  description = "Name of the keeper's container."
  value       = docker_container.this.name
}

output "id" {
  description = "Id of the keeper's container, which changes with every replacement."
  value       = docker_container.this.id
}
