variable "deployment" {
  description = "Name of the deployment, for the label ringmaster.deployment."
  type        = string
}

variable "name" {
  description = "Name of the container."
  type        = string
}

variable "image_id" {
  description = "Id of the edge's image."
  type        = string
}

variable "network_id" {
  description = "Id of the deployment's network."
  type        = string
}

variable "volume" {
  description = "Name of the volume shared with the balancer: HAProxy's configuration and sockets."
  type        = string
}

variable "ports" {
  description = "Published ports, by ascending container port (the provider reads them back in that order)."
  type        = list(object({ address = string, port = number, internal = number }))
}

variable "files" {
  description = "Certificates: path in the container = path on the engine's host. They are mounted read-only."
  type        = map(string)
}

variable "grace_seconds" {
  description = "Seconds between the soft stop and SIGKILL."
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
