variable "base_image" {
  description = "Image that all images are built on: Debian 13, or one made from it."
  type        = string
  default     = "debian:trixie-slim"
}

variable "image" {
  description = "Image of the servers: a reference that the engine has or can pull."
  type        = string
}

variable "certificates" {
  description = "Folder on the engine's host with certificates and their keys."
  type        = string
}

variable "token" {
  description = "The operator's token: 20 characters or more."
  type        = string
  sensitive   = true
}
