# The edges: one on every node, or on those of the constraints, with an edge agent beside its HAProxy. Ports are the node's own, on all of
# its addresses.

resource "docker_service" "edge" {
  name       = var.names.edge
  depends_on = [terraform_data.reaper]

  dynamic "labels" {
    for_each = local.labels.edge
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

    dynamic "ports" {
      for_each = var.ports
      content {
        target_port    = ports.value.internal
        published_port = ports.value.port
        publish_mode   = "host"
      }
    }
  }

  task_spec {
    networks_advanced {
      id = docker_network.this["servers"].id
    }

    networks_advanced {
      id = docker_network.this["control"].id
    }

    placement {
      constraints = var.edge_constraints
    }

    restart_policy {
      condition = "any"
      delay     = "1s"
      window    = "0s"
    }

    resources {
      limits {
        memory_bytes = local.memory.edge
      }
    }

    log_driver {
      name    = "json-file"
      options = local.log_options
    }

    container_spec {
      image     = var.images.edge
      user      = "10001:10001"
      groups    = ["0"] # Some runtimes give a tmpfs the mode of the image's folder below it, and root as its owner.
      read_only = true
      cap_drop  = ["ALL"]
      # As in modules/edge: what a server off the network has not acknowledged is given up after 1.4 to 3 s.
      sysctl            = { "net.ipv4.tcp_retries2" = "2" }
      stop_signal       = "SIGUSR1"
      stop_grace_period = local.grace.edge

      env = {
        RINGMASTER_NODE = "{{.Node.Hostname}}"
        RINGMASTER_HUB  = var.hub
      }

      # Its last files: they end with the container, in which HAProxy is started again where it ends.
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
          size_bytes = 16777216
          mode       = 511 # 0777
        }
      }

      dynamic "secrets" {
        for_each = { for key, secret in local.secrets : key => secret if secret.role == "edge" }
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
        for_each = local.labels.edge
        content {
          label = labels.key
          value = labels.value
        }
      }
    }
  }

  # One node after the other, the next one when this one's edge serves again.
  update_config {
    parallelism    = 1
    order          = "stop-first"
    failure_action = "pause"
    monitor        = "5s"
  }
}
