# servers: edges, balancer and servers; control: edges' agents and balancer; keeper: nothing but keepers, since a service cannot be without
# any network, and one for which none is named gets the engine's bridge with a way out.

locals {
  networks = {
    servers = { name = var.names.network, internal = false, subnet = var.subnet }
    control = { name = var.names.control, internal = true, subnet = null }
    keeper  = { name = var.names.keeper_network, internal = true, subnet = null }
  }
  options = merge(
    var.encrypted ? { encrypted = "" } : {},
    var.mtu == null ? {} : { "com.docker.network.driver.mtu" = tostring(var.mtu) },
  )
}

# Another choice makes the networks anew. Options and addresses themselves cannot tell: Swarm adds its own to them.
resource "terraform_data" "network_choice" {
  triggers_replace = [local.options, var.subnet]
}

resource "docker_network" "this" {
  for_each = local.networks

  name     = each.value.name
  driver   = "overlay"
  internal = each.value.internal
  options  = local.options

  dynamic "ipam_config" {
    for_each = each.value.subnet[*]
    content {
      subnet = ipam_config.value
    }
  }

  dynamic "labels" {
    for_each = local.labels.network
    content {
      label = labels.key
      value = labels.value
    }
  }

  lifecycle {
    ignore_changes       = [options, ipam_config]
    replace_triggered_by = [terraform_data.network_choice]
  }
}
