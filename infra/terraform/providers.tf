locals {
  # The registry of server_image: what stands before its first slash, where that is a host's name. Else Docker Hub.
  registry = try(regex("^((?:[^/]*[.:][^/]*|localhost))/", coalesce(var.server_image, "-"))[0], "registry-1.docker.io")
}

provider "docker" {
  host = var.docker_host

  # Whoever has removed the file can still destroy: the module asks for it when something is to be made.
  dynamic "registry_auth" {
    for_each = [for file in var.registry_config[*] : file if var.server_image != null && fileexists(file)]
    content {
      address     = local.registry
      config_file = registry_auth.value
    }
  }
}
