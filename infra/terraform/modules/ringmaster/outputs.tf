# What a deployment tells those who use it: `terraform output`, `terraform output -json`, python-terraform.

locals {
  # Where this machine reaches an address that stands for all of its own.
  reach = { "0.0.0.0" = "127.0.0.1", "::" = "::1" }
  hosts = {
    for role, address in { public = coalesce(var.swarm.address, var.publish_address), control = coalesce(var.swarm.address, var.control_address) } :
    role => replace(lookup(local.reach, address, address), "/^(.*:.*)$/", "[$1]")
  }
  tls_url     = var.tls == null ? null : "https://${local.hosts.public}:${var.tls_port}"
  public_url  = var.tls_redirect ? local.tls_url : "http://${local.hosts.public}:${var.publish_port}"
  control_url = "${local.has_tls_control ? "https" : "http"}://${local.hosts.control}:${var.control_port}"
}

output "deployment" {
  description = "Name of the deployment, the value of the label ringmaster.deployment."
  value       = var.deployment
}

output "name_prefix" {
  description = "What stands before the names of containers, images, network and volumes."
  value       = var.name_prefix
}

output "data_plane" {
  description = "What forwards the requests: haproxy or flask."
  value       = var.data_plane
}

output "url" {
  description = "Base URL of the public side, as this machine reaches it."
  value       = local.public_url
}

output "tls_url" {
  description = "Base URL of the public side by HTTPS, as this machine reaches it; null without tls. Its certificate may be for another name."
  value       = local.tls_url
}

output "control_url" {
  description = "Base URL of the balancer's /healthz, /readyz, /ring and /deploy (how far a roll of the servers is), as this machine reaches it."
  value       = local.control_url
}

output "fleet_url" {
  description = "Base URL of /rep, /add and /rm, as this machine reaches it."
  value       = var.public_control ? "${local.public_url}${var.control_prefix}" : local.control_url
}

output "network" {
  description = "Name of the Docker network that edge, balancer and servers share."
  value       = one(concat(module.network[*].name, module.swarm[*].network))
}

output "containers" {
  description = "Name of each container that Terraform made, by role; with runtime = \"swarm\" of each service. The servers are the balancer's: GET /rep lists them."
  value = merge(
    { for container in module.balancer[*].container : "balancer" => container },
    { for container in module.keeper[*].container : "keeper" => container },
    { for container in module.edge[*].container : "edge" => container },
    module.swarm[*].services...
  )
}

output "runtime" {
  description = "Where the servers run: engine or swarm."
  value       = var.runtime
}

output "images" {
  description = "Id of each image, by role."
  value       = module.images.ids
}

output "image_names" {
  description = "Name of each image with its tag, by role, as `docker save` takes it: on Docker Swarm every node needs them."
  value       = module.images.names
}

output "volumes" {
  description = "Name of each volume, which is its id; none with runtime = \"swarm\". state (the balancer's fleet and ring), keeper (its socket) and, with an edge, edge (its configuration and sockets)."
  value       = { for role, volume in docker_volume.this : role => volume.name }
}

output "container_ids" {
  description = "Id of each container that Terraform made, by role: for tools that go by ids. With runtime = \"swarm\" there are none, since Swarm makes the containers."
  value       = { for role, limit in local.limits : role => limit.container }
}

output "network_id" {
  description = "Id of that network: for what is to be attached to it."
  value       = one(concat(module.network[*].id, module.swarm[*].network_id))
}
