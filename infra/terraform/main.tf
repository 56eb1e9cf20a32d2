# One deployment, in the order in which it comes up: name → images, network → reaper → edge → balancer.
# `terraform destroy` goes the other way: the balancer stops making servers, the edge finishes its requests, the reaper removes
# the servers that Terraform never knew, and only then do network and images go.

provider "docker" {
  host = var.docker_host
  # A docker_host that is set has the last word, whatever DOCKER_CONTEXT says.
  context = var.docker_host == null ? null : ""
}

locals {
  has_edge = var.data_plane == "haproxy"

  names = {
    network  = "${var.name_prefix}ringmaster"
    edge     = "${var.name_prefix}ringmaster-edge"
    balancer = "${var.name_prefix}ringmaster-balancer"
    state    = "${var.name_prefix}ringmaster-state"
  }

  publish = {
    address  = var.publish_address
    port     = var.publish_port
    internal = 5000
  }
  control = {
    address  = var.control_address
    port     = var.control_port
    internal = 5001
  }

  # A container that is stopped gets the time that draining may take, and a moment to go.
  grace_seconds = ceil(var.drain_timeout) + 5

  docker_gid = var.docker_gid != null ? var.docker_gid : tonumber(one(regex("(?m)^docker:[^:]*:([0-9]+):", file("/etc/group"))))

  # What the reaper has to know when there is no configuration left to ask: see terraform_data.reaper.
  engine = {
    deployment  = var.deployment
    docker_host = coalesce(var.docker_host, "default")
  }
}

# Refuses a deployment name, or container, network and volume names, that are in use on the engine already: without this, a
# second deployment would take over the first one's volume, and its `destroy` the first one's servers.
resource "terraform_data" "claim" {
  triggers_replace = [var.deployment, var.name_prefix]

  provisioner "local-exec" {
    interpreter = ["sh", "${path.module}/scripts/deployment.sh"]
    command     = "claim"
    environment = {
      RINGMASTER_DEPLOYMENT  = var.deployment
      RINGMASTER_DOCKER_HOST = local.engine.docker_host
      RINGMASTER_CONTAINERS  = "${local.names.edge} ${local.names.balancer}"
      RINGMASTER_VOLUMES     = "${local.names.edge} ${local.names.state}"
      RINGMASTER_NETWORK     = local.names.network
    }
  }
}

module "images" {
  source     = "./modules/images"
  depends_on = [terraform_data.claim]

  deployment  = var.deployment
  name_prefix = "${var.name_prefix}ringmaster-"
  base_image  = var.base_image
  contexts = merge(
    { balancer = "${path.root}/../../apps/balancer" },
    var.server_image == null ? { server = "${path.root}/../../apps/server" } : {},
    local.has_edge ? { edge = "${path.root}/modules/edge/image" } : {},
  )
  references = var.server_image == null ? {} : { server = var.server_image }
}

module "network" {
  source     = "./modules/network"
  depends_on = [terraform_data.claim]

  deployment = var.deployment
  name       = local.names.network
}

# Removes, before network and images go, the servers that the balancer made. It is there from the start, so that a destroy at
# any moment finds it; it asks the engine by label, so that it needs to know nothing of what happened at run time.
resource "terraform_data" "reaper" {
  depends_on       = [module.images]
  triggers_replace = [var.deployment, module.network.id]
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

# The public port changes hands with the data plane. Replacing this resource in between makes Terraform remove the container
# that had the port before it starts the one that gets it.
resource "terraform_data" "public_port" {
  depends_on       = [terraform_data.reaper]
  triggers_replace = [var.data_plane]
}

module "edge" {
  source     = "./modules/edge"
  count      = local.has_edge ? 1 : 0
  depends_on = [terraform_data.reaper, terraform_data.public_port]

  deployment    = var.deployment
  name          = local.names.edge
  image_id      = module.images.ids.edge
  network_id    = module.network.id
  publish       = local.publish
  grace_seconds = local.grace_seconds
}

module "balancer" {
  source     = "./modules/balancer"
  depends_on = [terraform_data.reaper, terraform_data.public_port, module.edge]

  deployment    = var.deployment
  name          = local.names.balancer
  image_id      = module.images.ids.balancer
  network_id    = module.network.id
  ports         = concat(local.has_edge ? [] : [local.publish], [local.control])
  state_volume  = local.names.state
  edge_volume   = one(module.edge[*].volume)
  docker_socket = var.docker_socket
  docker_gid    = local.docker_gid
  grace_seconds = local.grace_seconds
  # The first fleet starts in parallel, an adopted one answers at once: twice the grace of one start is ample.
  wait_seconds = 60 + 2 * ceil(var.heartbeat.start_grace)

  environment = {
    RINGMASTER_DEPLOYMENT          = var.deployment
    RINGMASTER_NAME_PREFIX         = var.name_prefix
    RINGMASTER_NETWORK             = local.names.network
    RINGMASTER_DATA_PLANE          = var.data_plane
    RINGMASTER_LOG_LEVEL           = var.log_level
    RINGMASTER_TOKEN_SHA256        = nonsensitive(var.token == null) ? "" : sha256(var.token)
    RINGMASTER_INITIAL_SERVERS     = join(",", coalesce(var.server_names, [for number in range(var.replicas) : "S${number + 1}"]))
    RINGMASTER_MAX_SERVERS         = tostring(var.max_servers)
    RINGMASTER_SERVER_IMAGE        = var.server_image == null ? module.images.ids.server : module.images.references.server
    RINGMASTER_SERVER_PORT         = tostring(var.server_port)
    RINGMASTER_HEARTBEAT_PATH      = var.heartbeat_path
    RINGMASTER_SERVER_ENVIRONMENT  = jsonencode(var.server_environment)
    RINGMASTER_SERVER_MEMORY       = var.server_memory
    RINGMASTER_SERVER_CPUS         = tostring(var.server_cpus)
    RINGMASTER_SERVER_READ_ONLY    = tostring(var.server_read_only)
    RINGMASTER_SERVER_CAPABILITIES = join(",", var.server_capabilities)
    RINGMASTER_RING_STRATEGY       = var.ring.strategy
    RINGMASTER_REQUEST_HASH        = var.ring.request_hash == null ? "" : var.ring.request_hash
    RINGMASTER_SLOTS               = tostring(var.ring.slots)
    RINGMASTER_VIRTUAL_SERVERS     = tostring(var.ring.virtual_servers)
    RINGMASTER_UNKNOWN_PATH        = var.unknown_path
    RINGMASTER_HEARTBEAT_INTERVAL  = tostring(var.heartbeat.interval)
    RINGMASTER_HEARTBEAT_TIMEOUT   = tostring(var.heartbeat.timeout)
    RINGMASTER_HEARTBEAT_STRIKES   = tostring(var.heartbeat.strikes)
    RINGMASTER_START_GRACE         = tostring(var.heartbeat.start_grace)
    RINGMASTER_DRAIN_TIMEOUT       = tostring(var.drain_timeout)
    RINGMASTER_STOP_TIMEOUT        = tostring(var.stop_timeout)
    RINGMASTER_RESPONSE_TIMEOUT    = tostring(var.response_timeout)
  }
}
