# The containers as the engine gets them: ports, volumes, labels, and nothing that they could do without.

mock_provider "docker" {
  override_during = plan
}

variables {
  deployment    = "ringmaster"
  image_id      = "sha256:built"
  network_id    = "network-id"
  grace_seconds = 35
}

run "edge" {
  command = plan
  module {
    source = "./modules/edge"
  }
  variables {
    name   = "ringmaster-edge"
    volume = "ringmaster-edge-volume"
    ports = [
      { address = "127.0.0.1", port = 5000, internal = 5000 },
      { address = "127.0.0.1", port = 5001, internal = 5001 },
    ]
    files = { "/run/tls" = "/srv/tls" }
  }

  assert {
    condition     = [for port in docker_container.this.ports : "${port.ip}:${port.external}:${port.internal}"] == ["127.0.0.1:5000:5000", "127.0.0.1:5001:5001"]
    error_message = "The edge publishes both ports where it was told to."
  }

  assert {
    condition     = { for mount in docker_container.this.mounts : mount.target => mount.source } == { "/run/ringmaster" = "ringmaster-edge-volume", "/run/tls" = "/srv/tls" }
    error_message = "The edge has the shared volume and the certificates."
  }

  assert {
    condition     = alltrue([for mount in docker_container.this.mounts : mount.read_only == true if mount.type == "bind"])
    error_message = "The edge could write where the certificates are."
  }

  assert {
    condition     = { for label in docker_container.this.labels : label.label => label.value } == { "ringmaster.deployment" = "ringmaster", "ringmaster.role" = "edge" }
    error_message = "The edge's labels are missing."
  }

  assert {
    condition     = docker_container.this.restart == "always" && docker_container.this.destroy_grace_seconds == 35 && docker_container.this.wait != true
    error_message = "The edge starts without the balancer, comes back by itself and stops softly."
  }

  assert {
    condition     = docker_container.this.read_only && one(docker_container.this.capabilities).drop == toset(["ALL"]) && contains(docker_container.this.security_opts, "no-new-privileges")
    error_message = "The edge has a privilege that it does not need."
  }
}

run "balancer_with_an_edge" {
  command = plan
  module {
    source = "./modules/balancer"
  }
  variables {
    name          = "ringmaster-balancer"
    ports         = []
    state_volume  = "ringmaster-state"
    edge_volume   = "ringmaster-edge"
    keeper_volume = "ringmaster-keeper"
    wait_seconds  = 120
    environment   = { RINGMASTER_DEPLOYMENT = "ringmaster", RINGMASTER_RING = "{}" }
  }

  assert {
    condition     = docker_container.this.env == toset(["RINGMASTER_DEPLOYMENT=ringmaster", "RINGMASTER_RING={}"])
    error_message = "The balancer gets its settings and nothing else."
  }

  assert {
    condition     = try(length(docker_container.this.ports), 0) == 0
    error_message = "Behind an edge the balancer publishes no port."
  }

  assert {
    condition = { for mount in docker_container.this.mounts : mount.target => mount.source } == {
      "/run/keeper"         = "ringmaster-keeper"
      "/run/ringmaster"     = "ringmaster-edge"
      "/var/lib/ringmaster" = "ringmaster-state"
    }
    error_message = "The balancer needs its state, the edge's volume and the keeper's, and no other."
  }

  assert {
    condition     = [for mount in docker_container.this.mounts : mount.target if mount.read_only == true] == ["/run/keeper"]
    error_message = "The balancer could replace the keeper's socket."
  }

  assert {
    condition     = { for label in docker_container.this.labels : label.label => label.value } == { "ringmaster.deployment" = "ringmaster", "ringmaster.role" = "balancer" }
    error_message = "The balancer's labels are missing."
  }

  assert {
    condition     = docker_container.this.restart == "always" && docker_container.this.destroy_grace_seconds == 35 && docker_container.this.wait && docker_container.this.wait_timeout == 120
    error_message = "apply waits for the balancer; it comes back by itself and stops with grace."
  }

  assert {
    condition     = docker_container.this.read_only && one(docker_container.this.capabilities).drop == toset(["ALL"]) && contains(docker_container.this.security_opts, "no-new-privileges")
    error_message = "The balancer has a privilege that it does not need."
  }

  assert {
    condition     = docker_container.this.group_add == null
    error_message = "The balancer is in a group that may use the engine's socket."
  }
}

run "balancer_alone" {
  command = plan
  module {
    source = "./modules/balancer"
  }
  variables {
    name = "ringmaster-balancer"
    ports = [
      { address = "127.0.0.1", port = 5000, internal = 5000 },
      { address = "127.0.0.1", port = 5001, internal = 5001 },
    ]
    state_volume  = "ringmaster-state"
    keeper_volume = "ringmaster-keeper"
    wait_seconds  = 120
    environment   = {}
    plugins       = "/srv/plugins"
    tokens        = { source = "/srv/tokens", target = "/run/tokens" }
  }

  assert {
    condition     = [for mount in docker_container.this.mounts : "${mount.source}:${mount.read_only}" if mount.target == "/run/tokens"] == ["/srv/tokens:true"]
    error_message = "The named tokens are not mounted, or can be written."
  }

  assert {
    condition     = toset([for mount in docker_container.this.mounts : mount.target if mount.type == "volume"]) == toset(["/var/lib/ringmaster", "/run/keeper"])
    error_message = "Without an edge the balancer has only its state."
  }

  assert {
    condition     = [for mount in docker_container.this.mounts : "${mount.source}:${mount.read_only}" if mount.target == "/opt/plugins"] == ["/srv/plugins:true"]
    error_message = "The user's plug-ins are not mounted, or can be written."
  }

  assert {
    condition     = docker_container.this.ports[*].external == tolist([5000, 5001])
    error_message = "Without an edge the balancer publishes both ports."
  }
}

run "keeper" {
  command = plan
  module {
    source = "./modules/keeper"
  }
  variables {
    name          = "ringmaster-keeper"
    volume        = "ringmaster-keeper"
    docker_socket = "/run/user/1000/docker.sock"
    docker_gid    = 999
    environment   = { RINGMASTER_DEPLOYMENT = "ringmaster" }
    registry      = { source = "/srv/registry", target = "/run/registry" }
  }

  assert {
    condition     = docker_container.this.env == toset(["RINGMASTER_DEPLOYMENT=ringmaster"]) && docker_container.this.command == tolist(["python3", "-m", "keeper"])
    error_message = "The keeper is not started as the keeper, or with other settings than it was given."
  }

  assert {
    condition = { for mount in docker_container.this.mounts : mount.target => mount.source } == {
      "/run/keeper"          = "ringmaster-keeper"
      "/run/registry"        = "/srv/registry"
      "/var/run/docker.sock" = "/run/user/1000/docker.sock"
    }
    error_message = "The keeper needs the engine's socket, the volume for its own, and the registries' credentials."
  }

  assert {
    condition     = [for mount in docker_container.this.mounts : mount.target if mount.read_only == true] == ["/run/registry"]
    error_message = "The registries' credentials can be written."
  }

  assert {
    condition     = docker_container.this.network_mode == "none" && length(docker_container.this.ports) == 0 && length(docker_container.this.networks_advanced) == 0
    error_message = "The keeper has a network."
  }

  assert {
    condition     = docker_container.this.user == "10002:10001" && docker_container.this.group_add == toset(["999"])
    error_message = "The keeper has a user of its own, the balancer's group, and that of the engine's socket."
  }

  assert {
    condition     = docker_container.this.read_only && one(docker_container.this.capabilities).drop == toset(["ALL"]) && contains(docker_container.this.security_opts, "no-new-privileges")
    error_message = "The keeper has a privilege that it does not need."
  }

  assert {
    condition     = contains(docker_container.this.security_opts, "label=disable")
    error_message = "SELinux lets the keeper not use the engine's socket."
  }

  assert {
    condition     = { for label in docker_container.this.labels : label.label => label.value } == { "ringmaster.deployment" = "ringmaster", "ringmaster.role" = "keeper" }
    error_message = "The keeper's labels are missing."
  }

  assert {
    condition     = docker_container.this.restart == "always" && docker_container.this.wait != true
    error_message = "The keeper comes back by itself, and nothing waits for it but the balancer."
  }
}

run "an_edge_with_labels_and_a_profile" {
  command = plan
  module {
    source = "./modules/edge"
  }
  variables {
    name             = "ringmaster-edge"
    volume           = "ringmaster-edge-volume"
    ports            = []
    files            = {}
    labels           = { "com.example.team" = "shop", "ringmaster.role" = "server" }
    security_options = ["apparmor=shop-edge"]
  }

  assert {
    condition     = { for label in docker_container.this.labels : label.label => label.value } == { "com.example.team" = "shop", "ringmaster.deployment" = "ringmaster", "ringmaster.role" = "edge" }
    error_message = "The labels are missing, or take the place of Ringmaster's own."
  }

  assert {
    condition     = docker_container.this.security_opts == toset(["no-new-privileges", "apparmor=shop-edge"])
    error_message = "The profile is missing, or takes no-new-privileges away."
  }
}

run "a_network_of_ones_own" {
  command = plan
  module {
    source = "./modules/network"
  }
  variables {
    name    = "ringmaster"
    driver  = "shop-plugin"
    subnet  = "10.90.0.0/24"
    mtu     = 1400
    options = { "com.docker.network.bridge.name" = "shop0" }
    labels  = { "com.example.team" = "shop" }
  }

  assert {
    condition     = docker_network.this.driver == "shop-plugin" && docker_network.this.options == tomap({ "com.docker.network.bridge.name" = "shop0", "com.docker.network.driver.mtu" = "1400" })
    error_message = "The network has another driver, or other options."
  }

  assert {
    condition     = one(docker_network.this.ipam_config).subnet == "10.90.0.0/24" && one(docker_network.this.ipam_config).gateway == "10.90.0.1"
    error_message = "The network has other addresses."
  }

  assert {
    condition     = { for label in docker_network.this.labels : label.label => label.value } == { "com.example.team" = "shop", "ringmaster.deployment" = "ringmaster" }
    error_message = "The network does not carry the labels."
  }
}

run "proxies_of_builds" {
  command = plan

  module {
    source = "./modules/images"
  }

  variables {
    deployment   = "ringmaster"
    name_prefix  = "ringmaster-"
    base_image   = "debian:trixie-slim"
    packages     = ""
    contexts     = { edge = "./modules/edge/image" }
    references   = {}
    pull_timeout = 600
    script       = "./scripts/deployment.sh"
    docker_host  = "default"
    proxies      = { http_proxy = "http://proxy.example:3128" }
  }

  assert {
    condition     = nonsensitive(one(docker_image.built["edge"].build).build_args).http_proxy == "http://proxy.example:3128"
    error_message = "A build does not get the proxy."
  }
}
