# The keepers: one on every manager, since only a manager's engine answers for the Swarm. As modules/keeper, but that a service is never
# without a network: theirs leads nowhere.

resource "docker_service" "keeper" {
  name       = var.names.keeper
  depends_on = [terraform_data.reaper]

  dynamic "labels" {
    for_each = local.labels.keeper
    content {
      label = labels.key
      value = labels.value
    }
  }

  mode {
    global = true
  }

  endpoint_spec {
    mode = "dnsrr"
  }

  task_spec {
    networks_advanced {
      id = docker_network.this["keeper"].id
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
        memory_bytes = local.memory.keeper
      }
    }

    log_driver {
      name    = "json-file"
      options = local.log_options
    }

    container_spec {
      image             = var.images.balancer
      command           = ["python3", "-m", "keeper"]
      user              = "10002:10001"
      groups            = [tostring(var.docker_gid)]
      read_only         = true
      cap_drop          = ["ALL"]
      stop_grace_period = "10s"
      env               = var.keeper_environment

      healthcheck {
        test         = ["CMD", "python3", "-S", "-m", "keeper.healthcheck", "/run/keeper/keeper.sock"]
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
        source = var.names.keeper_volume
        target = "/run/keeper"
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
        target = "/tmp"
        tmpfs_options {
          size_bytes = 4194304
          mode       = 511 # 0777
        }
      }

      dynamic "secrets" {
        for_each = { for key, secret in local.secrets : key => secret if secret.role == "keeper" }
        content {
          secret_id   = docker_secret.this[secrets.key].id
          secret_name = docker_secret.this[secrets.key].name
          file_name   = secrets.value.target
          file_uid    = secrets.value.uid
          file_gid    = "10001"
          file_mode   = 256 # 0400
        }
      }

      dynamic "labels" {
        for_each = local.labels.keeper
        content {
          label = labels.key
          value = labels.value
        }
      }
    }
  }

  update_config {
    parallelism    = 1
    failure_action = "continue"
  }
}
