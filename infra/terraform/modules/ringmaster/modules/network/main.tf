# The network on which edge, balancer and servers find each other by name.

locals {
  options = merge(var.options, var.mtu == null ? {} : { "com.docker.network.driver.mtu" = tostring(var.mtu) })
}

resource "docker_network" "this" {
  name   = var.name
  driver = var.driver

  options = length(local.options) == 0 ? null : local.options

  # The gateway is what the engine takes by itself: without it the provider would read back another configuration than this.
  dynamic "ipam_config" {
    for_each = var.subnet[*]
    content {
      subnet  = ipam_config.value
      gateway = cidrhost(ipam_config.value, 1)
    }
  }

  dynamic "labels" {
    for_each = merge(var.labels, { "ringmaster.deployment" = var.deployment })
    content {
      label = labels.key
      value = labels.value
    }
  }
}
