# One deployment, in the order in which it comes up: its name → images, network, volumes → reaper → keeper, edge → balancer.
# `terraform destroy` goes the other way: the balancer stops making servers, the keeper lets go of the engine, the edge finishes its
# requests, the reaper removes the servers that Terraform never knew, and only then do network, volumes and images go.

locals {
  is_swarm = var.runtime == "swarm"
  has_edge = var.data_plane == "haproxy"

  names = {
    network  = "${var.name_prefix}ringmaster"
    edge     = "${var.name_prefix}ringmaster-edge"
    balancer = "${var.name_prefix}ringmaster-balancer"
    keeper   = "${var.name_prefix}ringmaster-keeper"
  }
  networks = local.is_swarm ? {
    network        = local.names.network
    control        = "${var.name_prefix}ringmaster-control"
    keeper_network = "${var.name_prefix}ringmaster-keeper"
  } : { network = local.names.network }
  volumes = { for role, name in var.volume_names : role => name != null ? name : "${var.name_prefix}ringmaster-${role}" }

  # The engine wants a seccomp profile itself, not its path.
  security_options = {
    for role, options in var.security_options : role => [
      for option in options : startswith(option, "seccomp=") ? "seccomp=${file(trimprefix(option, "seccomp="))}" : option
    ]
  }

  image_prefix = "${var.name_prefix}ringmaster-"

  # The sources of balancer and server, in the same repository as this module.
  apps = "${path.module}/../../../../apps"

  # Role → reference of what is pulled instead of built.
  references = { for role, reference in {
    server     = var.server_image != null ? var.server_image : var.images.server
    balancer   = var.images.balancer
    edge       = local.has_edge && !local.is_swarm ? var.images.edge : null
    swarm-edge = local.is_swarm ? var.images.swarm_edge : null
  } : role => reference if reference != null }
  builds_swarm_edge = local.is_swarm && var.images.swarm_edge == null
  # Role → folder of what is built where no reference is given. The edge of Swarm is built on the other one, from the balancer's sources.
  contexts = merge(
    { server = "${local.apps}/server", balancer = "${local.apps}/balancer" },
    local.has_edge && !local.is_swarm || local.builds_swarm_edge ? { edge = "${path.module}/modules/edge/image" } : {},
  )

  registry_folder = "/run/registry"
  tokens_folder   = "/run/tokens"

  # Where all of our images are, whatever their tags.
  repositories = join(" ", formatlist("${local.image_prefix}%s", concat(["server", "balancer", "edge"], local.is_swarm ? ["swarm-edge"] : [])))

  # Both ports are published by the edge, or by the balancer where there is none. Ascending by the port in the container: the
  # provider reads them back in that order.
  ports = concat(
    [
      { address = var.publish_address, port = var.publish_port, internal = 5000 },
      { address = var.control_address, port = var.control_port, internal = 5001 },
    ],
    var.tls == null ? [] : [{ address = var.publish_address, port = var.tls_port, internal = 5443 }],
  )
  published = {
    edge     = local.has_edge ? local.ports : []
    balancer = local.has_edge ? [] : local.ports
  }

  # A token must not cross a network in clear text.
  has_tls_control = var.tls != null && (local.is_swarm || !can(regex("^(127\\.|::1$)", var.control_address)))

  # A container that is stopped gets the time that draining may take, and a moment to go.
  grace_seconds = ceil(var.drain_timeout) + 5
  # An edge that stops takes no new connection and waits for idle ones, too: long enough for answers, short for a restart.
  edge_grace_seconds = min(local.grace_seconds, 10)

  docker_gid = var.docker_gid != null ? var.docker_gid : tonumber(one(regex("(?m)^docker:[^:]*:([0-9]+):", file("/etc/group"))))

  # Role → the most that its container may have. The balancer has up to four threads for each server, while all are replaced at once;
  # the edge as many as there are CPUs, and again in each of at most nine processes.
  limits = merge(
    { for keeper in module.keeper : "keeper" => { container = keeper.id, memory = "128m", pids = 512 + 4 * (var.max_servers + var.spares) } },
    { for balancer in module.balancer : "balancer" => { container = balancer.id, memory = var.balancer_memory, pids = 512 + 4 * (var.max_servers + var.spares) } },
    { for edge in module.edge : "edge" => { container = edge.id, memory = var.edge_memory, pids = 2048 } },
  )

  # Only with runtime = "swarm", which wants them.
  certificates = coalesce(var.swarm.certificates, {
    ca = "", balancer_certificate = "", balancer_key = "", edge_certificate = "", edge_key = ""
  })
  files = !local.is_swarm ? [] : concat(
    values(local.certificates), var.tls_client_ca[*], var.tokens_file[*], [for folder in var.tls[*] : "${folder}/*"],
    [for plugins in var.plugins[*] : "${plugins.directory}/**"],
  )
  unreadable = [for path in local.files : path if length([
    for file in fileset(dirname(path), basename(path)) : file if try(length(filebase64("${dirname(path)}/${file}")) > 0, false)
  ]) == 0]

  # What has to be known when there is no configuration left to ask: see terraform_data.images and .reaper.
  engine = {
    deployment  = var.deployment
    docker_host = coalesce(var.docker_host, "default")
  }
}

# Refuses a deployment name, or container, network and volume names, that are in use on the engine already: without this, a
# second deployment would take over the first one's volume, and its `destroy` the first one's servers.
resource "terraform_data" "claim" {
  # With another runtime all that is there goes before this, and what is new comes after it.
  triggers_replace = concat([var.deployment, var.name_prefix], local.is_swarm ? ["swarm"] : [])

  lifecycle {
    precondition {
      condition     = var.registry_config == null || try(fileexists(var.registry_config), false)
      error_message = "registry_config names a file that is not there: write the path of a Docker config.json on this machine, or leave it null."
    }

    precondition {
      condition     = length(local.wrong_ring) == 0
      error_message = join(" ", local.wrong_ring)
    }

    # These become secrets, which are read on this machine.
    precondition {
      condition     = length(local.unreadable) == 0
      error_message = "With runtime = \"swarm\" files are read on this machine, and these are not there, or empty: ${join(", ", local.unreadable)}."
    }
  }

  provisioner "local-exec" {
    interpreter = ["sh", "${path.module}/scripts/deployment.sh"]
    command     = "claim"
    environment = {
      RINGMASTER_DEPLOYMENT  = var.deployment
      RINGMASTER_DOCKER_HOST = local.engine.docker_host
      RINGMASTER_RUNTIME     = var.runtime
      RINGMASTER_SERVICES    = "${local.names.edge} ${local.names.balancer} ${local.names.keeper}"
      RINGMASTER_CONTAINERS  = "${local.names.edge} ${local.names.balancer} ${local.names.keeper}"
      RINGMASTER_VOLUMES     = join(" ", values(local.volumes))
      RINGMASTER_NETWORKS    = join(" ", values(local.networks))
    }
  }
}

# Removes the images when nothing uses them any more: Terraform itself keeps them.
resource "terraform_data" "images" {
  depends_on       = [terraform_data.claim]
  triggers_replace = [var.deployment, var.name_prefix]
  input            = merge(local.engine, { repositories = local.repositories })

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["sh", "${path.module}/scripts/deployment.sh"]
    command     = "discard"
    environment = {
      RINGMASTER_DEPLOYMENT  = self.output.deployment
      RINGMASTER_DOCKER_HOST = self.output.docker_host
      # A deployment that was made before images had tags knows them under another name, until the next apply.
      RINGMASTER_REPOSITORIES = try(self.output.repositories, self.output.images)
    }
  }
}

module "images" {
  source     = "./modules/images"
  depends_on = [terraform_data.images]

  deployment  = var.deployment
  name_prefix = local.image_prefix
  base_image  = var.base_image
  packages    = var.packages
  proxies     = var.build_proxies
  contexts    = { for role, folder in local.contexts : role => folder if !contains(keys(local.references), role) }
  images_on = local.builds_swarm_edge ? {
    swarm-edge = { source = "balancer", dockerfile = "edge.Dockerfile", on = "edge", argument = "EDGE_IMAGE" }
  } : {}
  references      = local.references
  pull_timeout    = var.pull_timeout
  registry_config = var.registry_config
  script          = "${path.module}/scripts/deployment.sh"
  docker_host     = local.engine.docker_host
}

module "network" {
  source     = "./modules/network"
  count      = local.is_swarm ? 0 : 1
  depends_on = [terraform_data.claim]

  deployment = var.deployment
  name       = local.names.network
  driver     = var.network.driver
  options    = var.network.options
  subnet     = var.network.subnet
  mtu        = var.network.mtu
  labels     = var.labels
}

# Refuses another name later that is somebody else's volume: the engine would hand that one out as ours, and `destroy` would remove it.
resource "terraform_data" "volumes" {
  count            = local.is_swarm ? 0 : 1
  depends_on       = [terraform_data.claim]
  triggers_replace = local.volumes

  provisioner "local-exec" {
    interpreter = ["sh", "${path.module}/scripts/deployment.sh"]
    command     = "claim_volumes"
    environment = {
      RINGMASTER_DEPLOYMENT  = var.deployment
      RINGMASTER_DOCKER_HOST = local.engine.docker_host
      RINGMASTER_VOLUMES     = join(" ", values(local.volumes))
    }
  }
}

# state: the balancer's fleet and slot table. edge: HAProxy's configuration and sockets, shared by edge and balancer. keeper: the
# keeper's socket, shared by keeper and balancer.
resource "docker_volume" "this" {
  for_each   = { for role, name in local.volumes : role => name if !local.is_swarm && (role != "edge" || local.has_edge) }
  depends_on = [terraform_data.claim, terraform_data.volumes]

  name = each.value

  dynamic "labels" {
    for_each = merge(var.labels, { "ringmaster.deployment" = var.deployment })
    content {
      label = labels.key
      value = labels.value
    }
  }

  lifecycle {
    # Other labels would make the volume anew, and with it the fleet's state.
    ignore_changes = [labels]
    # Another deployment's name does: it is among them.
    replace_triggered_by = [terraform_data.claim]
  }
}

# Removes, before anything that they hold goes, the containers that Terraform does not know: the servers that the balancer made,
# and what an apply left that was killed half-way. It is there from the start, so that a destroy at any moment finds it; it
# asks the engine by label, so that it needs to know nothing of what happened at run time.
resource "terraform_data" "reaper" {
  count            = local.is_swarm ? 0 : 1
  depends_on       = [module.images, docker_volume.this]
  triggers_replace = [var.deployment, one(module.network[*].id)]
  input            = merge(local.engine, { network = local.names.network })

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["sh", "${path.module}/scripts/deployment.sh"]
    command     = "reap"
    environment = {
      RINGMASTER_DEPLOYMENT  = self.output.deployment
      RINGMASTER_DOCKER_HOST = self.output.docker_host
      RINGMASTER_NETWORK     = self.output.network
    }
  }
}

# The ports change hands with the data plane. Replacing this resource in between makes Terraform remove the container that had
# them before it starts the one that gets them.
resource "terraform_data" "ports" {
  count            = local.is_swarm ? 0 : 1
  depends_on       = [terraform_data.reaper]
  triggers_replace = [var.data_plane]
}

# What was there before there were Swarms stays as it is. (For modules Terraform does not conclude this by itself.)
moved {
  from = terraform_data.ports
  to   = terraform_data.ports[0]
}

moved {
  from = module.network
  to   = module.network[0]
}

moved {
  from = module.keeper
  to   = module.keeper[0]
}

moved {
  from = module.balancer
  to   = module.balancer[0]
}

module "edge" {
  source     = "./modules/edge"
  count      = local.has_edge && !local.is_swarm ? 1 : 0
  depends_on = [terraform_data.ports]

  deployment       = var.deployment
  name             = local.names.edge
  labels           = var.labels
  security_options = lookup(local.security_options, "edge", [])
  image_id         = module.images.ids.edge
  network_id       = one(module.network[*].id)
  volume           = docker_volume.this["edge"].name
  ports            = local.published.edge
  files = merge(
    var.tls == null ? {} : { "/run/tls" = var.tls },
    var.tls_client_ca == null ? {} : { "/run/tls-client-ca.pem" = var.tls_client_ca },
  )
  grace_seconds = local.edge_grace_seconds
}

# The balancer goes before the keeper, which it needs to stop servers with.
module "keeper" {
  source     = "./modules/keeper"
  count      = local.is_swarm ? 0 : 1
  depends_on = [terraform_data.reaper]

  deployment       = var.deployment
  name             = local.names.keeper
  labels           = var.labels
  security_options = lookup(local.security_options, "keeper", [])
  image_id         = module.images.ids.balancer
  volume           = docker_volume.this["keeper"].name
  docker_socket    = var.docker_socket
  docker_gid       = local.docker_gid
  environment      = local.keeper_settings
  registry         = var.registry_config == null ? null : { source = dirname(var.registry_config), target = local.registry_folder }
}

module "balancer" {
  source     = "./modules/balancer"
  count      = local.is_swarm ? 0 : 1
  depends_on = [terraform_data.ports, module.edge, module.keeper]

  deployment       = var.deployment
  name             = local.names.balancer
  labels           = var.labels
  security_options = lookup(local.security_options, "balancer", [])
  image_id         = module.images.ids.balancer
  network_id       = one(module.network[*].id)
  ports            = local.published.balancer
  state_volume     = docker_volume.this["state"].name
  edge_volume      = local.has_edge ? docker_volume.this["edge"].name : null
  keeper_volume    = docker_volume.this["keeper"].name
  grace_seconds    = local.grace_seconds
  environment      = { for name, value in local.environment : name => value if name != "RINGMASTER_REGISTRY_CONFIG" }
  plugins          = try(var.plugins.directory, null)
  tokens           = var.tokens_file == null ? null : { source = dirname(var.tokens_file), target = local.tokens_folder }
  # The first fleet starts in parallel, an adopted one answers at once: twice the grace of one start is ample. Terraform has built or
  # pulled the image by now. Only a saved fleet of an image that is not built here may have another one, which the balancer pulls first.
  wait_seconds = 60 + 2 * ceil(var.heartbeat.start_grace) + (contains(keys(local.references), "server") ? ceil(var.pull_timeout) : 0)
}

# All of it on Docker Swarm. With runtime = "engine" there is nothing of it, and with "swarm" none of the modules above but the images.
module "swarm" {
  source     = "./modules/swarm"
  count      = local.is_swarm ? 1 : 0
  depends_on = [module.images]

  deployment = var.deployment
  labels     = var.labels
  names = merge(local.names, local.networks, {
    prefix        = local.image_prefix
    keeper_volume = local.volumes.keeper
  })
  images           = { edge = module.images.ids["swarm-edge"], balancer = module.images.ids.balancer }
  ports            = [for port in local.ports : { port = port.port, internal = port.internal }]
  hub              = "ringmaster-balancer:${local.swarm_settings.RINGMASTER_EDGE_PORT}"
  edge_constraints = coalesce(var.swarm.edge_constraints, [])
  encrypted        = coalesce(var.swarm.encrypted, false)
  mtu              = var.swarm.mtu
  subnet           = var.swarm.subnet
  certificates = {
    balancer = { ca = local.certificates.ca, certificate = local.certificates.balancer_certificate, key = local.certificates.balancer_key }
    edge     = { ca = local.certificates.ca, certificate = local.certificates.edge_certificate, key = local.certificates.edge_key }
  }
  tls                = var.tls
  tls_client_ca      = var.tls_client_ca
  tokens             = var.tokens_file == null ? null : { source = var.tokens_file, target = local.settings.RINGMASTER_TOKENS_FILE }
  registry           = var.registry_config == null ? null : { source = var.registry_config, target = local.settings.RINGMASTER_REGISTRY_CONFIG }
  plugins            = try(var.plugins.directory, null)
  environment        = { for name, value in local.environment : name => value if name != "RINGMASTER_REGISTRY_CONFIG" }
  keeper_environment = local.keeper_settings
  docker_socket      = var.docker_socket
  docker_gid         = local.docker_gid
  balancer_memory    = var.balancer_memory
  edge_memory        = var.edge_memory
  grace_seconds      = local.grace_seconds
  edge_grace_seconds = local.edge_grace_seconds
  wait_seconds       = 120 + 2 * ceil(var.heartbeat.start_grace) + (contains(keys(local.references), "server") ? ceil(var.pull_timeout) : 0)
  docker_host        = local.engine.docker_host
}

# What each container may have at most. The provider has no limit of processes, and its memory_swap never agrees with a host that
# cannot limit swap: so that the engine is told itself, at once and without a replacement. The balancer limits the servers.
resource "terraform_data" "limits" {
  for_each         = local.limits
  triggers_replace = each.value

  provisioner "local-exec" {
    interpreter = ["sh", "${path.module}/scripts/deployment.sh"]
    command     = "limit"
    environment = {
      RINGMASTER_DEPLOYMENT  = var.deployment
      RINGMASTER_DOCKER_HOST = local.engine.docker_host
      RINGMASTER_CONTAINERS  = each.value.container
      RINGMASTER_MEMORY      = each.value.memory
      RINGMASTER_PIDS        = each.value.pids
    }
  }
}

# Removes the images that earlier builds left, where nobody runs on them and the balancer's saved fleet does not name them. N servers serve
# by now, so that the image to which the roll that has just begun may have to go back is in use. On Docker Swarm whoever brings images to
# the nodes takes old ones away.
resource "terraform_data" "sweep" {
  count            = local.is_swarm ? 0 : 1
  depends_on       = [module.balancer]
  triggers_replace = [module.images.names, module.images.ids]

  provisioner "local-exec" {
    interpreter = ["sh", "${path.module}/scripts/deployment.sh"]
    command     = "sweep"
    environment = {
      RINGMASTER_DEPLOYMENT   = var.deployment
      RINGMASTER_DOCKER_HOST  = local.engine.docker_host
      RINGMASTER_REPOSITORIES = local.repositories
      RINGMASTER_IMAGES       = join(" ", values(module.images.names))
      RINGMASTER_BALANCER     = local.names.balancer
    }
  }
}
