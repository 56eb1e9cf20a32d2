# The keeper: the one container that holds the engine's socket. It starts servers for the balancer, within the deployment's policy,
# and listens on a socket on a volume that it shares with the balancer. It has no network.

locals {
  labels = merge(var.labels, { "ringmaster.deployment" = var.deployment, "ringmaster.role" = "keeper" })
  folder = "/run/keeper"
}

resource "docker_container" "this" {
  name    = var.name
  image   = var.image_id
  command = ["python3", "-m", "keeper"]
  # A user of its own: the balancer's, which is in the same group, can reach its socket, but neither replace it nor send it a signal.
  user    = "10002:10001"
  restart = "always"
  env     = [for name, value in var.environment : "${name}=${value}"]

  stop_timeout          = 10
  destroy_grace_seconds = 10

  network_mode  = "none"
  read_only     = true
  tmpfs         = { "/tmp" = "size=4m,mode=1777" }
  security_opts = concat(["no-new-privileges"], var.security_options)
  group_add     = [tostring(var.docker_gid)]

  log_driver = "json-file"
  log_opts   = { max-size = "10m", max-file = "3" }

  capabilities {
    drop = ["ALL"]
  }

  healthcheck {
    test         = ["CMD", "python3", "-S", "-m", "keeper.healthcheck", "${local.folder}/keeper.sock"]
    interval     = "10s"
    timeout      = "6s"
    start_period = "30s"
    retries      = 3
  }

  mounts {
    type   = "bind"
    source = var.docker_socket
    target = "/var/run/docker.sock"
  }

  mounts {
    type   = "volume"
    source = var.volume
    target = local.folder
  }

  # The folder, since a mount of the file alone would go on showing the old one where it is replaced.
  dynamic "mounts" {
    for_each = var.registry[*]
    content {
      type      = "bind"
      source    = mounts.value.source
      target    = mounts.value.target
      read_only = true
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
