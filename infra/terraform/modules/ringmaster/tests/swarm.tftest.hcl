# A deployment on Docker Swarm: what it is made of, what it is told, and what it refuses. No engine is needed, and no certificates:
# Terraform does not look into the files, so any will do.

mock_provider "docker" {
  override_during = plan

  mock_resource "docker_image" {
    defaults = { image_id = "sha256:built" }
  }

  mock_resource "docker_network" {
    defaults = { id = "network-id" }
  }

  mock_resource "docker_secret" {
    defaults = { id = "secret-id" }
  }

  mock_resource "docker_config" {
    defaults = { id = "config-id" }
  }
}

variables {
  docker_gid = 999
  runtime    = "swarm"
  token      = "correct-horse-battery-staple"
  swarm = {
    firewalled = true
    certificates = {
      ca                   = "README.md"
      balancer_certificate = "main.tf"
      balancer_key         = "outputs.tf"
      edge_certificate     = "settings.tf"
      edge_key             = "versions.tf"
    }
  }
}

run "defaults" {
  command = plan

  assert {
    condition     = output.containers == { balancer = "ringmaster-balancer", edge = "ringmaster-edge", keeper = "ringmaster-keeper" } && output.network == "ringmaster"
    error_message = "The services and the network have other names than on one host."
  }

  assert {
    condition     = length(output.volumes) == 0 && length(module.edge) + length(module.keeper) + length(module.balancer) + length(module.network) == 0
    error_message = "Something of one host is made on a Swarm."
  }

  assert {
    condition     = sort(keys(output.images)) == tolist(["balancer", "edge", "server", "swarm-edge"])
    error_message = "The edge with its agent is not built, or something else is."
  }

  assert {
    condition     = can(regex("^ringmaster-swarm-edge:[0-9a-f]{12}$", output.image_names["swarm-edge"]))
    error_message = "The edge with its agent is not named by what it is made of."
  }

  assert {
    condition     = strcontains(local.repositories, " ringmaster-swarm-edge")
    error_message = "A destroy leaves the image of the edge with its agent."
  }

  assert {
    condition = { for name in ["RUNTIME", "NODE_CONSTRAINTS", "EDGE_PORT", "EDGE_LEASE", "TLS_CONTROL"] : name => local.settings["RINGMASTER_${name}"] } == {
      RUNTIME = "swarm", NODE_CONSTRAINTS = "", EDGE_PORT = "5002", EDGE_LEASE = "3", TLS_CONTROL = "false"
    }
    error_message = "The balancer is not told of the Swarm."
  }

  assert {
    condition     = local.keeper_settings.RINGMASTER_RUNTIME == "swarm" && local.keeper_settings.RINGMASTER_NODE_CONSTRAINTS == ""
    error_message = "The keeper is not told of the Swarm."
  }
}

run "choices" {
  command = plan
  variables {
    name_prefix = "blue-"
    tokens_file = abspath("README.md")
    swarm = {
      node_constraints = ["node.labels.zone==a", "node.role!=manager"]
      edge_lease       = 5
      address          = "10.0.0.11"
      firewalled       = true
      certificates     = { ca = "README.md", balancer_certificate = "main.tf", balancer_key = "outputs.tf", edge_certificate = "settings.tf", edge_key = "versions.tf" }
    }
  }

  assert {
    condition     = local.settings.RINGMASTER_NODE_CONSTRAINTS == "node.labels.zone==a,node.role!=manager" && local.settings.RINGMASTER_EDGE_LEASE == "5"
    error_message = "The balancer is not told which nodes it may use, or how long an edge may be silent."
  }

  assert {
    condition     = output.url == "http://10.0.0.11:5000" && output.control_url == "http://10.0.0.11:5001"
    error_message = "The outputs do not say where this machine reaches an edge."
  }

  assert {
    condition     = join(" ", values(local.networks)) == "blue-ringmaster-control blue-ringmaster-keeper blue-ringmaster"
    error_message = "A prefix does not stand before every network."
  }
}

run "published_images" {
  command = plan
  variables {
    images = {
      server     = "registry.example/ringmaster-server:1.0"
      balancer   = "registry.example/ringmaster-balancer:1.0"
      swarm_edge = "registry.example/ringmaster-swarm-edge:1.0"
    }
  }

  assert {
    condition     = values(output.image_names) == ["registry.example/ringmaster-balancer:1.0", "registry.example/ringmaster-server:1.0", "registry.example/ringmaster-swarm-edge:1.0"] && !module.images.is_built
    error_message = "Where Swarm's images are published, something is built, or another image is used."
  }
}

run "control_with_tls" {
  command = plan
  variables {
    tls = abspath("modules/network")
  }

  assert {
    condition     = output.control_url == "https://127.0.0.1:5001" && local.settings.RINGMASTER_TLS_CONTROL == "true"
    error_message = "Where there are certificates, the control port of a node does not speak TLS."
  }
}

run "one_host_has_nothing_of_it" {
  command = plan
  variables {
    runtime = "engine"
    swarm   = {}
  }

  assert {
    condition     = length(module.swarm) == 0 && length([for name in keys(local.settings) : name if contains(["RINGMASTER_RUNTIME", "RINGMASTER_EDGE_LEASE"], name)]) == 0
    error_message = "A deployment on one host is told of a Swarm, which would replace its containers."
  }

  assert {
    condition     = local.repositories == "ringmaster-server ringmaster-balancer ringmaster-edge" && sort(keys(output.images)) == tolist(["balancer", "edge", "server"])
    error_message = "A deployment on one host has other images than it had."
  }
}

run "tls_is_an_empty_folder" {
  command = plan
  variables {
    tls = "/nowhere/tls"
  }
  expect_failures = [terraform_data.claim]
}

run "certificates_are_not_there" {
  command = plan
  variables {
    swarm = {
      firewalled   = true
      certificates = { ca = "nowhere.pem", balancer_certificate = "main.tf", balancer_key = "outputs.tf", edge_certificate = "settings.tf", edge_key = "versions.tf" }
    }
  }
  expect_failures = [terraform_data.claim]
}

# --- Every rule, broken once ------------------------------------------------------------------------------------------

run "runtime_is_unknown" {
  command = plan
  variables {
    runtime = "kubernetes"
  }
  expect_failures = [var.runtime]
}

run "without_an_edge" {
  command = plan
  variables {
    data_plane = "flask"
  }
  expect_failures = [var.runtime]
}

run "without_a_token" {
  command = plan
  variables {
    token = null
  }
  expect_failures = [var.runtime]
}

run "without_tls_and_firewall" {
  command = plan
  variables {
    swarm = {
      certificates = { ca = "README.md", balancer_certificate = "main.tf", balancer_key = "outputs.tf", edge_certificate = "settings.tf", edge_key = "versions.tf" }
    }
  }
  expect_failures = [var.runtime]
}

run "publish_address_of_its_own" {
  command = plan
  variables {
    publish_address = "10.0.0.11"
  }
  expect_failures = [var.runtime]
}

run "control_address_of_its_own" {
  command = plan
  variables {
    control_address = "0.0.0.0"
  }
  expect_failures = [var.runtime]
}

run "without_certificates" {
  command = plan
  variables {
    swarm = { firewalled = true }
  }
  expect_failures = [var.runtime]
}

run "swarm_with_an_engine" {
  command = plan
  variables {
    runtime = "engine"
    swarm   = { encrypted = true }
  }
  expect_failures = [var.runtime]
}

run "node_constraint_has_one_equals_sign" {
  command = plan
  variables {
    swarm = { node_constraints = ["node.labels.zone=a"] }
  }
  expect_failures = [var.swarm]
}

run "edge_constraint_is_a_name" {
  command = plan
  variables {
    swarm = { edge_constraints = ["n1"] }
  }
  expect_failures = [var.swarm]
}

run "edge_lease_is_too_short" {
  command = plan
  variables {
    swarm = { edge_lease = 0.5 }
  }
  expect_failures = [var.swarm]
}

run "mtu_is_a_fraction" {
  command = plan
  variables {
    swarm = { mtu = 1400.5 }
  }
  expect_failures = [var.swarm]
}

run "subnet_is_inside_of_its_network" {
  command = plan
  variables {
    swarm = { subnet = "10.90.0.1/20" }
  }
  expect_failures = [var.swarm]
}

run "address_has_a_port" {
  command = plan
  variables {
    swarm = { address = "10.0.0.11:5000" }
  }
  expect_failures = [var.swarm]
}

# --- What Swarm gets --------------------------------------------------------------------------------------------------

run "services" {
  command = plan
  module {
    source = "./modules/swarm"
  }
  variables {
    deployment = "blue"
    names = {
      prefix         = "blue-ringmaster-"
      edge           = "blue-ringmaster-edge"
      balancer       = "blue-ringmaster-balancer"
      keeper         = "blue-ringmaster-keeper"
      network        = "blue-ringmaster"
      control        = "blue-ringmaster-control"
      keeper_network = "blue-ringmaster-keeper"
      keeper_volume  = "blue-ringmaster-keeper"
    }
    images             = { edge = "sha256:edge", balancer = "sha256:balancer" }
    ports              = [{ port = 6000, internal = 5000 }, { port = 6001, internal = 5001 }, { port = 6443, internal = 5443 }]
    hub                = "ringmaster-balancer:5002"
    edge_constraints   = ["node.labels.edge==yes"]
    encrypted          = true
    mtu                = 1400
    subnet             = "10.90.0.0/20"
    certificates       = { balancer = { ca = "README.md", certificate = "main.tf", key = "outputs.tf" }, edge = { ca = "README.md", certificate = "settings.tf", key = "versions.tf" } }
    tls                = "modules/network"
    tls_client_ca      = "README.md"
    tokens             = { source = "main.tf", target = "/run/tokens/people.json" }
    registry           = { source = "main.tf", target = "/run/registry/config.json" }
    plugins            = "modules/edge"
    environment        = { RINGMASTER_RUNTIME = "swarm" }
    keeper_environment = { RINGMASTER_DEPLOYMENT = "blue" }
    docker_socket      = "/var/run/docker.sock"
    docker_gid         = 999
    balancer_memory    = "512m"
    edge_memory        = "1g"
    grace_seconds      = 95
    edge_grace_seconds = 10
    wait_seconds       = 60
    docker_host        = "default"
  }

  assert {
    condition = { for name, network in docker_network.this : name => "${network.driver} ${network.internal} ${jsonencode(network.options)}" } == {
      for name, internal in { servers = false, control = true, keeper = true } :
      name => "overlay ${internal} {\"com.docker.network.driver.mtu\":\"1400\",\"encrypted\":\"\"}"
    }
    error_message = "The networks are no overlays, or not encrypted, or lead out where they need not."
  }

  assert {
    condition     = one(docker_network.this["servers"].ipam_config).subnet == "10.90.0.0/20" && length(docker_network.this["control"].ipam_config) == 0
    error_message = "The servers' network does not have the addresses that were asked for."
  }

  assert {
    condition = alltrue([
      for service in [docker_service.edge, docker_service.balancer, docker_service.keeper] :
      one(service.endpoint_spec).mode == "dnsrr" && alltrue([for port in one(service.endpoint_spec).ports : port.publish_mode == "host"])
    ])
    error_message = "A service wants a virtual address, or a port of the ingress mesh."
  }

  assert {
    condition     = [for port in one(docker_service.edge.endpoint_spec).ports : "${port.published_port}:${port.target_port}"] == ["6000:5000", "6001:5001", "6443:5443"]
    error_message = "The edges do not have the ports that were asked for."
  }

  assert {
    condition = alltrue([
      for service in [docker_service.balancer, docker_service.keeper] : length(one(service.endpoint_spec).ports) == 0
    ])
    error_message = "Another service than the edge has a port."
  }

  assert {
    condition = alltrue([
      for role, service in { edge = docker_service.edge, balancer = docker_service.balancer, keeper = docker_service.keeper } :
      { for label in service.labels : label.label => label.value } == { "ringmaster.deployment" = "blue", "ringmaster.role" = role }
      && { for label in one(one(service.task_spec).container_spec).labels : label.label => label.value } == { "ringmaster.deployment" = "blue", "ringmaster.role" = role }
    ])
    error_message = "A service or its containers lack the labels."
  }

  assert {
    condition = alltrue([
      for service in [docker_service.edge, docker_service.balancer, docker_service.keeper] :
      one(one(service.task_spec).container_spec).read_only && one(one(service.task_spec).container_spec).cap_drop == tolist(["ALL"])
      && length(coalesce(one(one(service.task_spec).container_spec).cap_add, [])) == 0 && one(one(one(service.task_spec).resources).limits).memory_bytes > 0
    ])
    error_message = "A service has a privilege that it does not need, or memory without end."
  }

  assert {
    condition     = one(docker_service.edge.mode).global && one(docker_service.keeper.mode).global && one(one(docker_service.balancer.mode).replicated).replicas == 1
    error_message = "Edges and keepers are not one on each node, or the balancer is not one."
  }

  assert {
    condition = { for role, service in { edge = docker_service.edge, balancer = docker_service.balancer, keeper = docker_service.keeper } : role => join(" ", one(one(service.task_spec).placement).constraints) } == {
      edge = "node.labels.edge==yes", balancer = "node.role==manager", keeper = "node.role==manager"
    }
    error_message = "A service may run on a node where it must not, or not where it must."
  }

  assert {
    condition     = one(one(docker_service.edge.task_spec).container_spec).env == tomap({ RINGMASTER_NODE = "{{.Node.Hostname}}", RINGMASTER_HUB = "ringmaster-balancer:5002" })
    error_message = "An edge does not know its node, or where the balancer is."
  }

  assert {
    condition     = one(one(docker_service.edge.task_spec).container_spec).sysctl == tomap({ "net.ipv4.tcp_retries2" = "2" }) && one(one(docker_service.edge.task_spec).container_spec).stop_grace_period == "10s" && one(one(docker_service.balancer.task_spec).container_spec).stop_grace_period == "1m35s"
    error_message = "An edge waits long for servers that are gone, or does not stop softly."
  }

  assert {
    condition = {
      for role, service in { edge = docker_service.edge, balancer = docker_service.balancer, keeper = docker_service.keeper } :
      role => join(" ", sort([for secret in one(one(service.task_spec).container_spec).secrets : "${secret.file_name}:${secret.file_uid}:${secret.file_mode}"]))
      } == {
      edge = join(" ", [
        for path in ["edges/ca.pem", "edges/certificate.pem", "edges/key.pem", "tls-client-ca.pem", "tls/main.tf", "tls/outputs.tf", "tls/variables.tf", "tls/versions.tf"] : "/run/${path}:10001:256"
      ])
      balancer = "/run/edges/ca.pem:10001:256 /run/edges/certificate.pem:10001:256 /run/edges/key.pem:10001:256 /run/tokens/people.json:10001:256"
      keeper   = "/run/registry/config.json:10002:256"
    }
    error_message = "A service does not have its secrets, or others, or others can read them."
  }

  assert {
    condition     = docker_secret.this["edge-key"].data == filebase64("versions.tf") && docker_secret.this["balancer-key"].data == filebase64("outputs.tf")
    error_message = "Edges and balancer have each other's keys."
  }

  assert {
    condition     = docker_secret.this["edge-ca"].name == "blue-ringmaster-edge-${substr(sha256("edge-ca ${filebase64("README.md")}"), 0, 16)}"
    error_message = "New content would not be a new secret."
  }

  assert {
    condition     = contains([for config in one(one(docker_service.balancer.task_spec).container_spec).configs : config.file_name], "/opt/plugins/image/entrypoint")
    error_message = "The balancer does not have the plug-ins, with their folders."
  }

  assert {
    condition     = [for mount in one(one(docker_service.balancer.task_spec).container_spec).mounts : mount.read_only if mount.target == "/run/keeper"] == [true]
    error_message = "The balancer could replace the keeper's socket."
  }

  assert {
    condition     = [for role, service in { edge = docker_service.edge, balancer = docker_service.balancer, keeper = docker_service.keeper } : role if length([for mount in one(one(service.task_spec).container_spec).mounts : mount if mount.type == "bind"]) > 0] == ["keeper"]
    error_message = "Another service than the keeper has a file of its node."
  }

  assert {
    condition     = one(one(one(docker_service.balancer.task_spec).container_spec).healthcheck).test[5] == "/healthz"
    error_message = "Swarm would keep the balancer's name from the edges until they obey it."
  }
}
