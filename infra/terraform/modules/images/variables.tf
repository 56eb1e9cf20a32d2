variable "deployment" {
  description = "Name of the deployment, for the label ringmaster.deployment."
  type        = string
}

variable "name_prefix" {
  description = "What an image's name has before its role."
  type        = string
}

variable "base_image" {
  description = "Passed to every build as the argument BASE_IMAGE."
  type        = string
}

variable "contexts" {
  description = "Images to build: role → folder with the Dockerfile."
  type        = map(string)
}

variable "references" {
  description = "Images that others make: role → reference, pulled where the engine lacks it and never removed."
  type        = map(string)
}
