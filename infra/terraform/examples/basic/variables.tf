variable "base_image" {
  description = "Image that all images are built on: Debian 13, or one made from it."
  type        = string
  default     = "debian:trixie-slim"
}
