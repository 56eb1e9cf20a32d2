locals {
  # Where images are pulled from: what stands before a reference's first slash, where that is a host's name. Else Docker Hub.
  registries = toset([
    for reference in concat([var.server_image], values(var.images)) :
    try(regex("^((?:[^/]*[.:][^/]*|localhost))/", reference)[0], "registry-1.docker.io") if reference != null
  ])
}

provider "docker" {
  host = var.docker_host

  # Whoever has removed the file can still destroy: the module asks for it when something is to be made.
  dynamic "registry_auth" {
    for_each = try(fileexists(var.registry_config), false) ? local.registries : []
    content {
      address     = registry_auth.value
      config_file = var.registry_config
    }
  }
}
