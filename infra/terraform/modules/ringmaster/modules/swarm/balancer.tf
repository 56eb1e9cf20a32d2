# The balancer: one, on a manager, beside that manager's keeper. Where its node dies Swarm starts it on another one, and it takes the fleet
# up from the configs.

resource "docker_service" "balancer" {
  name       = var.names.balancer
  depends_on = [docker_service.keeper, docker_service.edge]

  dynamic "labels" {
    for_each = local.labels.balancer
    content {
      label = labels.key
      value = labels.value
    }
  }

  mode {
    replicated {
      replicas = 1
    }
  }

  endpoint_spec {
    mode = "dnsrr"
  }

  task_spec {
    networks_advanced {
      id = docker_network.this["servers"].id
    }

    networks_advanced {
      id      = docker_network.this["control"].id
      aliases = ["ringmaster-balancer"]
    }

    placement {
      constraints = ["node.role==manager"]
    }

    restart_policy {
      condition = "any"
      delay     = "1s"
      window    = "0s"
    }

    resources {
      limits {
        memory_bytes = local.memory.balancer
      }
    }

    log_driver {
      name    = "json-file"
      options = local.log_options
    }

    container_spec {
      image             = var.images.balancer
      user              = "10001:10001"
      groups            = ["0"] # Some runtimes give a tmpfs the mode of the image's folder below it, and root as its owner.
      read_only         = true
      cap_drop          = ["ALL"]
      stop_grace_period = local.grace.balancer
      env               = var.environment

      # Whether it lives, not whether it is ready: Swarm gives its name to the network only when it is healthy, the edges need that name to
      # reach it, and it is ready only when they obey. What is not healthy is killed, which mends no fleet.
      healthcheck {
        test         = ["CMD", "python3", "-S", "-m", "balancer.healthcheck", "/healthz"]
        interval     = "3s"
        timeout      = "6s"
        start_period = "1m"
        retries      = 3
      }

      # Read-only: the socket on it can be used, and not be replaced.
      mounts {
        type      = "volume"
        source    = var.names.keeper_volume
        target    = "/run/keeper"
        read_only = true
        volume_options {
          dynamic "labels" {
            for_each = local.labels.keeper
            content {
              label = labels.key
              value = labels.value
            }
          }
        }
      }

      mounts {
        type   = "tmpfs"
        target = "/run/ringmaster"
        tmpfs_options {
          size_bytes = 33554432
          mode       = 511 # 0777
        }
      }

      mounts {
        type   = "tmpfs"
        target = "/tmp"
        tmpfs_options {
          size_bytes = 67108864
          mode       = 511 # 0777
        }
      }

      dynamic "secrets" {
        for_each = { for key, secret in local.secrets : key => secret if secret.role == "balancer" }
        content {
          secret_id   = docker_secret.this[secrets.key].id
          secret_name = docker_secret.this[secrets.key].name
          file_name   = secrets.value.target
          file_uid    = secrets.value.uid
          file_gid    = "10001"
          file_mode   = 256 # 0400
        }
      }

      dynamic "configs" {
        for_each = local.plugins
        content {
          config_id   = docker_config.plugin[configs.key].id
          config_name = docker_config.plugin[configs.key].name
          file_name   = "/opt/plugins/${configs.key}"
        }
      }

      dynamic "labels" {
        for_each = local.labels.balancer
        content {
          label = labels.key
          value = labels.value
        }
      }
    }
  }

  update_config {
    order          = "stop-first"
    failure_action = "continue"
  }
}
