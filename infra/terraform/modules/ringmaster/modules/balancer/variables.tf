variable "deployment" {
  description = "Name of the deployment, for the label ringmaster.deployment."
  type        = string
}

variable "name" {
  description = "Name of the container."
  type        = string
}

variable "image_id" {
  description = "Id of the balancer's image."
  type        = string
}

variable "network_id" {
  description = "Id of the deployment's network."
  type        = string
}

variable "ports" {
  description = "Published ports, by ascending container port (the provider reads them back in that order); none behind an edge."
  type        = list(object({ address = string, port = number, internal = number }))
}

variable "state_volume" {
  description = "Name of the volume for the desired fleet and the slot table."
  type        = string
}

variable "edge_volume" {
  description = "Name of the volume shared with the edge. null: there is no edge."
  type        = string
  default     = null
}

variable "keeper_volume" {
  description = "Name of the volume with the keeper's socket."
  type        = string
}

variable "environment" {
  description = "The balancer's settings, as its settings.py documents them."
  type        = map(string)
}

variable "plugins" {
  description = "Folder on the engine's host with strategies and request hashes of the user's own. null: there are none."
  type        = string
  default     = null
}

variable "tokens" {
  description = "Folder on the engine's host with the file of named tokens, and where the balancer finds it. null: there is none."
  type        = object({ source = string, target = string })
  default     = null
}

variable "grace_seconds" {
  description = "Seconds between SIGTERM and SIGKILL."
  type        = number
}

variable "wait_seconds" {
  description = "Seconds that the balancer may take until N servers serve."
  type        = number
}

variable "labels" {
  description = "Labels beside Ringmaster's own."
  type        = map(string)
  default     = {}
}

variable "security_options" {
  description = "Security options beside no-new-privileges."
  type        = list(string)
  default     = []
}
