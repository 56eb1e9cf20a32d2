output "container" {
  description = "Name of the balancer's container."
  value       = docker_container.this.name
}
