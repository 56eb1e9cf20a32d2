variable "deployment" {
  description = "Name of the deployment, for the label ringmaster.deployment."
  type        = string
}

variable "names" {
  description = "Names of services, networks and the keeper's volume, and what secrets and configs have before theirs."
  type = object({
    prefix         = string
    edge           = string
    balancer       = string
    keeper         = string
    network        = string
    control        = string
    keeper_network = string
    keeper_volume  = string
  })
}

variable "images" {
  description = "Ids of the images: edge (with the edge agent) and balancer. Each node must have them."
  type        = object({ edge = string, balancer = string })
}

variable "ports" {
  description = "Ports of each node, by ascending container port."
  type        = list(object({ port = number, internal = number }))
}

variable "hub" {
  description = "Where the balancer waits for the edges' agents: NAME:PORT."
  type        = string
}

variable "edge_constraints" {
  description = "Which nodes get an edge. []: every node."
  type        = list(string)
}

variable "encrypted" {
  description = "Whether the networks are encrypted between nodes."
  type        = bool
}

variable "mtu" {
  description = "Bytes of the networks' largest packet. null: the engine's own choice."
  type        = number
}

variable "subnet" {
  description = "Addresses of the servers' network. null: the Swarm's own choice."
  type        = string
}

variable "certificates" {
  description = "Role → name of a file in /run/edges without .pem → its path on this machine."
  type        = object({ balancer = map(string), edge = map(string) })
}

variable "tls" {
  description = "Folder on this machine with the certificates for clients. null: none."
  type        = string
}

variable "tls_client_ca" {
  description = "File on this machine with the authorities of clients. null: none."
  type        = string
}

variable "tokens" {
  description = "File on this machine with named tokens, and where the balancer finds it. null: none."
  type        = object({ source = string, target = string })
}

variable "registry" {
  description = "File on this machine with the registries' credentials, and where the keeper finds it. null: none."
  type        = object({ source = string, target = string })
}

variable "plugins" {
  description = "Folder on this machine with the user's plug-ins. null: none."
  type        = string
}

variable "environment" {
  description = "The balancer's settings."
  type        = map(string)
}

variable "keeper_environment" {
  description = "The settings that the keeper needs: whose servers it keeps, and what they may be."
  type        = map(string)
}

variable "docker_socket" {
  description = "Path of the engine's socket on every manager."
  type        = string
}

variable "docker_gid" {
  description = "Number of the group that may use the socket, on every manager."
  type        = number
}

variable "balancer_memory" {
  description = "Memory limit of the balancer, such as 512m."
  type        = string
}

variable "edge_memory" {
  description = "Memory limit of each edge, such as 1g."
  type        = string
}

variable "grace_seconds" {
  description = "Seconds that the balancer has to stop."
  type        = number
}

variable "edge_grace_seconds" {
  description = "Seconds between an edge's soft stop and SIGKILL."
  type        = number
}

variable "wait_seconds" {
  description = "Seconds within which the services must run after an apply."
  type        = number
}

variable "docker_host" {
  description = "What the script takes as the engine's address. \"default\": the environment decides."
  type        = string
}

variable "labels" {
  description = "Labels beside Ringmaster's own."
  type        = map(string)
  default     = {}
}
