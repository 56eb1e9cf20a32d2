output "container" {
  description = "Name of the edge's container."
  value       = docker_container.this.name
}

output "id" {
  description = "Id of the edge's container, which changes with every replacement."
  value       = docker_container.this.id
}
