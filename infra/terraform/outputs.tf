# What `terraform output` tells those who use the deployment: all that the module does.

output "deployment" {
  description = "Name of the deployment, the value of the label ringmaster.deployment."
  value       = module.ringmaster.deployment
}

output "name_prefix" {
  description = "What stands before the names of containers, images, network and volumes."
  value       = module.ringmaster.name_prefix
}

output "data_plane" {
  description = "What forwards the requests: haproxy or flask."
  value       = module.ringmaster.data_plane
}

output "url" {
  description = "Base URL of the public side, as this machine reaches it."
  value       = module.ringmaster.url
}

output "tls_url" {
  description = "Base URL of the public side by HTTPS, as this machine reaches it; null without tls. Its certificate may be for another name."
  value       = module.ringmaster.tls_url
}

output "control_url" {
  description = "Base URL of the balancer's /healthz, /readyz, /ring and /deploy (how far a roll of the servers is), as this machine reaches it."
  value       = module.ringmaster.control_url
}

output "fleet_url" {
  description = "Base URL of /rep, /add and /rm, as this machine reaches it."
  value       = module.ringmaster.fleet_url
}

output "network" {
  description = "Name of the Docker network that edge, balancer and servers share."
  value       = module.ringmaster.network
}

output "containers" {
  description = "Name of each container that Terraform made, by role; with runtime = \"swarm\" of each service. The servers are the balancer's: GET /rep lists them."
  value       = module.ringmaster.containers
}

output "runtime" {
  description = "Where the servers run: engine or swarm."
  value       = module.ringmaster.runtime
}

output "images" {
  description = "Id of each image, by role."
  value       = module.ringmaster.images
}

output "image_names" {
  description = "Name of each image with its tag, by role, as `docker save` takes it: on Docker Swarm every node needs them."
  value       = module.ringmaster.image_names
}

output "volumes" {
  description = "Name of each volume, which is its id; none with runtime = \"swarm\". state (the balancer's fleet and ring), keeper (its socket) and, with an edge, edge (its configuration and sockets)."
  value       = module.ringmaster.volumes
}

output "container_ids" {
  description = "Id of each container that Terraform made, by role: for tools that go by ids. With runtime = \"swarm\" there are none, since Swarm makes the containers."
  value       = module.ringmaster.container_ids
}

output "network_id" {
  description = "Id of that network: for what is to be attached to it."
  value       = module.ringmaster.network_id
}
