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

variable "packages" {
  description = "Another text builds the images anew, with the packages that Debian has then."
  type        = string
}

variable "contexts" {
  description = "Images to build: role → folder with the Dockerfile."
  type        = map(string)
}

variable "images_on" {
  description = "Images that are built on another one: role → role whose context has the sources, Dockerfile in it, role of the image that it is built on, and the build argument that names that one."
  type        = map(object({ source = string, dockerfile = string, on = string, argument = string }))
  default     = {}
}

variable "references" {
  description = "Images that were made elsewhere: role → reference, pulled where the engine lacks it and never removed."
  type        = map(string)
}

variable "pull_timeout" {
  description = "Seconds that the pull of one of those may take."
  type        = number
}

variable "registry_config" {
  description = "Path of a Docker config.json with the credentials for it. null: there are none."
  type        = string
  default     = null
}

variable "script" {
  description = "Path of deployment.sh, which is asked to pull, and to keep what a build would take the name from."
  type        = string
}

variable "docker_host" {
  description = "What the script takes as the engine's address. \"default\": the environment decides."
  type        = string
}
