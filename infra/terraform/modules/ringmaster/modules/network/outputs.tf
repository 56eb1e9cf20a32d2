output "id" {
  description = "Id of the network: another one whenever the network is made anew, so what refers to it is then made anew too."
  value       = docker_network.this.id
}

output "name" {
  description = "Name of the network."
  value       = docker_network.this.name
}
