# The balancer: creates, watches and replaces the servers, by way of the keeper. It is healthy when N servers serve and the edge is
# in step; `apply` returns then.

locals {
  labels = merge(var.labels, { "ringmaster.deployment" = var.deployment, "ringmaster.role" = "balancer" })
}

resource "docker_container" "this" {
  name    = var.name
  image   = var.image_id
  restart = "always"
  env     = [for name, value in var.environment : "${name}=${value}"]

  wait                  = true
  wait_timeout          = var.wait_seconds
  stop_timeout          = var.grace_seconds
  destroy_grace_seconds = var.grace_seconds

  read_only     = true
  tmpfs         = { "/tmp" = "size=64m,mode=1777" }
  security_opts = concat(["no-new-privileges"], var.security_options)

  log_driver = "json-file"
  log_opts   = { max-size = "10m", max-file = "3" }

  capabilities {
    drop = ["ALL"]
  }

  mounts {
    type   = "volume"
    source = var.state_volume
    target = "/var/lib/ringmaster"
  }

  # Read-only: the socket on it can be used, and not be replaced.
  mounts {
    type      = "volume"
    source    = var.keeper_volume
    target    = "/run/keeper"
    read_only = true
  }

  dynamic "mounts" {
    for_each = var.edge_volume[*]
    content {
      type   = "volume"
      source = mounts.value
      target = "/run/ringmaster"
    }
  }

  dynamic "mounts" {
    for_each = var.plugins[*]
    content {
      type      = "bind"
      source    = mounts.value
      target    = "/opt/plugins"
      read_only = true
    }
  }

  # The folder, since a mount of the file alone would go on showing the old one where it is replaced.
  dynamic "mounts" {
    for_each = var.tokens[*]
    content {
      type      = "bind"
      source    = mounts.value.source
      target    = mounts.value.target
      read_only = true
    }
  }

  networks_advanced {
    name    = var.network_id
    aliases = ["ringmaster-balancer"]
  }

  dynamic "ports" {
    for_each = var.ports
    content {
      ip       = ports.value.address
      external = ports.value.port
      internal = ports.value.internal
    }
  }

  dynamic "labels" {
    for_each = local.labels
    content {
      label = labels.key
      value = labels.value
    }
  }

  # The limits are the root module's: see terraform_data.limits.
  lifecycle {
    ignore_changes = [memory, memory_swap]
  }
}
