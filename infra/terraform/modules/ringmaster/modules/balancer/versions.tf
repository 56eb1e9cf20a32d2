# The configuration that uses the module pins the version.
terraform {
  required_version = ">= 1.11"

  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = ">= 4.5.0"
    }
  }
}
