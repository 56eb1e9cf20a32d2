# The edge: HAProxy with the configuration that the balancer writes to the shared volume. It is only started here; it serves
# once the balancer is there, and the balancer is ready only when the edge is in step.

locals {
  labels = merge(var.labels, { "ringmaster.deployment" = var.deployment, "ringmaster.role" = "edge" })
}

resource "docker_container" "this" {
  name    = var.name
  image   = var.image_id
  restart = "always"

  stop_timeout          = var.grace_seconds
  destroy_grace_seconds = var.grace_seconds

  read_only = true
  tmpfs     = { "/tmp" = "size=16m,mode=1777" }

  # What a server off the network has not acknowledged is given up after 1.4 to 3 s, not 15 minutes, and asked of another
  # one. HAProxy's tcp-ut would be the means, but there is none for servers that are added at run time.
  sysctls = { "net.ipv4.tcp_retries2" = "2" }

  security_opts = concat(["no-new-privileges"], var.security_options)

  log_driver = "json-file"
  log_opts   = { max-size = "10m", max-file = "3" }

  capabilities {
    drop = ["ALL"]
  }

  mounts {
    type   = "volume"
    source = var.volume
    target = "/run/ringmaster"
  }

  # Ascending by the target: the provider reads them back in that order.
  dynamic "mounts" {
    for_each = var.files
    content {
      type      = "bind"
      source    = mounts.value
      target    = mounts.key
      read_only = true
    }
  }

  networks_advanced {
    name    = var.network_id
    aliases = ["ringmaster-edge"]
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
