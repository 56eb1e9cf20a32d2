variable "deployment" {
  description = "Name of the deployment, for the label ringmaster.deployment."
  type        = string
}

variable "name" {
  description = "Name of the network."
  type        = string
}

variable "driver" {
  description = "The network's driver."
  type        = string
  default     = "bridge"
}

variable "options" {
  description = "Options of the driver."
  type        = map(string)
  default     = {}
}

variable "subnet" {
  description = "The network's addresses. null: the engine's own choice."
  type        = string
  default     = null
}

variable "mtu" {
  description = "Bytes of the network's largest packet. null: the engine's own choice."
  type        = number
  default     = null
}

variable "labels" {
  description = "Labels beside Ringmaster's own."
  type        = map(string)
  default     = {}
}
