variable "deployment" {
  description = "Name of the deployment, for the label ringmaster.deployment."
  type        = string
}

variable "name" {
  description = "Name of the container."
  type        = string
}

variable "image_id" {
  description = "Id of the balancer's image, which has the keeper in it."
  type        = string
}

variable "volume" {
  description = "Name of the volume for its socket, shared with the balancer."
  type        = string
}

variable "docker_socket" {
  description = "Path of the engine's socket on the engine's host."
  type        = string
}

variable "docker_gid" {
  description = "Number of the group that may use the socket."
  type        = number
}

variable "environment" {
  description = "The settings that the keeper needs: whose servers it keeps, and what they may be."
  type        = map(string)
}

variable "registry" {
  description = "Folder on the engine's host with the registries' credentials, and where the keeper finds it. null: there are none."
  type        = object({ source = string, target = string })
  default     = null
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
