variable "deployment" {
  description = "Name of the deployment, for the label ringmaster.deployment."
  type        = string
}

variable "name" {
  description = "Name of the network."
  type        = string
}
