# What a deployment is made of: the defaults, both data planes, the settings that reach the balancer. No engine is needed.

mock_provider "docker" {
  override_during = plan

  mock_resource "docker_image" {
    defaults = { image_id = "sha256:built" }
  }

  mock_resource "docker_network" {
    defaults = { id = "network-id" }
  }
}

variables {
  docker_gid = 999
}

run "defaults" {
  command = plan

  assert {
    condition     = output.url == "http://127.0.0.1:5000" && output.control_url == "http://127.0.0.1:5001"
    error_message = "The defaults publish on loopback, ports 5000 and 5001."
  }

  assert {
    condition     = output.network == "ringmaster" && output.deployment == "ringmaster" && output.name_prefix == ""
    error_message = "The default names carry no prefix."
  }

  assert {
    condition     = output.containers == { balancer = "ringmaster-balancer", edge = "ringmaster-edge" }
    error_message = "The haproxy plane has a balancer and an edge."
  }

  assert {
    condition     = output.volumes == { state = "ringmaster-state", edge = "ringmaster-edge" }
    error_message = "The state and the edge's configuration lie on volumes."
  }

  assert {
    condition     = output.images == { server = "sha256:built", balancer = "sha256:built", edge = "sha256:built" }
    error_message = "All three images are built."
  }

  assert {
    condition = alltrue([
      for setting in [
        "RINGMASTER_DATA_PLANE=haproxy", "RINGMASTER_DEPLOYMENT=ringmaster", "RINGMASTER_NETWORK=ringmaster",
        "RINGMASTER_NAME_PREFIX=", "RINGMASTER_INITIAL_SERVERS=S1,S2,S3", "RINGMASTER_MAX_SERVERS=64",
        "RINGMASTER_SERVER_IMAGE=sha256:built", "RINGMASTER_SERVER_PORT=5000", "RINGMASTER_HEARTBEAT_PATH=/heartbeat",
        "RINGMASTER_SERVER_ENVIRONMENT={}", "RINGMASTER_SERVER_MEMORY=", "RINGMASTER_SERVER_CPUS=0",
        "RINGMASTER_SERVER_READ_ONLY=true", "RINGMASTER_SERVER_CAPABILITIES=", "RINGMASTER_RING_STRATEGY=table",
        "RINGMASTER_REQUEST_HASH=", "RINGMASTER_SLOTS=512", "RINGMASTER_VIRTUAL_SERVERS=9", "RINGMASTER_UNKNOWN_PATH=pass",
        "RINGMASTER_HEARTBEAT_INTERVAL=0.5", "RINGMASTER_HEARTBEAT_TIMEOUT=0.5", "RINGMASTER_HEARTBEAT_STRIKES=3",
        "RINGMASTER_START_GRACE=30", "RINGMASTER_DRAIN_TIMEOUT=30", "RINGMASTER_STOP_TIMEOUT=10",
        "RINGMASTER_RESPONSE_TIMEOUT=60", "RINGMASTER_LOG_LEVEL=info", "RINGMASTER_TOKEN_SHA256=",
      ] : contains(module.balancer.environment, setting)
    ])
    error_message = "A default setting does not reach the balancer as it should."
  }
}

run "haproxy_plane_publishes_at_the_edge" {
  command = plan

  assert {
    condition     = module.edge[0].published == ["127.0.0.1:5000->5000"] && module.balancer.published == ["127.0.0.1:5001->5001"]
    error_message = "The edge has the public port, the balancer the control port."
  }
}

run "flask_plane_publishes_at_the_balancer" {
  command = plan
  variables {
    data_plane = "flask"
  }

  assert {
    condition     = length(module.edge) == 0 && output.containers == { balancer = "ringmaster-balancer" }
    error_message = "The flask plane has no edge."
  }

  assert {
    condition     = module.balancer.published == ["127.0.0.1:5000->5000", "127.0.0.1:5001->5001"]
    error_message = "The balancer has both ports, in the order in which the provider reads them back."
  }

  assert {
    condition     = !contains(keys(output.images), "edge") && !contains(keys(output.volumes), "edge")
    error_message = "Without an edge there is neither its image nor its volume."
  }

  assert {
    condition     = contains(module.balancer.environment, "RINGMASTER_DATA_PLANE=flask")
    error_message = "The balancer is told to forward by itself."
  }
}

run "prefix_stands_before_every_name" {
  command = plan
  variables {
    deployment   = "Blue_1"
    name_prefix  = "blue-"
    publish_port = 6000
    control_port = 6001
  }

  assert {
    condition = alltrue([
      for name in concat([output.network], values(output.containers), values(output.volumes)) : startswith(name, "blue-ringmaster")
    ])
    error_message = "A name lacks the prefix."
  }

  assert {
    condition     = output.url == "http://127.0.0.1:6000" && output.control_url == "http://127.0.0.1:6001"
    error_message = "The URLs name the ports that were chosen."
  }
}

run "only_the_tokens_hash_leaves_terraform" {
  command = plan
  variables {
    publish_address = "0.0.0.0"
    control_address = "::"
    token           = "correct-horse-battery-staple"
  }

  assert {
    condition     = contains(module.balancer.environment, "RINGMASTER_TOKEN_SHA256=${sha256("correct-horse-battery-staple")}")
    error_message = "The balancer does not get the token's SHA-256."
  }

  assert {
    condition     = alltrue([for setting in module.balancer.environment : !strcontains(setting, "correct-horse")])
    error_message = "The token itself reaches the container."
  }

  assert {
    condition     = output.url == "http://127.0.0.1:5000" && output.control_url == "http://[::1]:5001"
    error_message = "An address that stands for all is reached on loopback; IPv6 stands in brackets."
  }
}

run "own_application" {
  command = plan
  variables {
    server_image        = "registry.example/shop:1.4"
    server_port         = 8080
    heartbeat_path      = "/health?deep=1"
    server_environment  = { MODE = "a b", NAME = "quote\"d" }
    server_memory       = "256m"
    server_cpus         = 0.5
    server_read_only    = false
    server_capabilities = ["NET_BIND_SERVICE", "CHOWN"]
  }

  assert {
    condition = alltrue([
      for setting in [
        "RINGMASTER_SERVER_IMAGE=registry.example/shop:1.4", "RINGMASTER_SERVER_PORT=8080",
        "RINGMASTER_HEARTBEAT_PATH=/health?deep=1", "RINGMASTER_SERVER_MEMORY=256m", "RINGMASTER_SERVER_CPUS=0.5",
        "RINGMASTER_SERVER_READ_ONLY=false", "RINGMASTER_SERVER_CAPABILITIES=CHOWN,NET_BIND_SERVICE",
        "RINGMASTER_SERVER_ENVIRONMENT={\"MODE\":\"a b\",\"NAME\":\"quote\\\"d\"}",
      ] : contains(module.balancer.environment, setting)
    ])
    error_message = "A setting of the application does not reach the balancer as it was given."
  }
}

run "own_names_and_ring" {
  command = plan
  variables {
    replicas     = 2
    server_names = ["server_1", "Shop-2"]
    ring         = { strategy = "course", request_hash = "sha256", slots = 1024, virtual_servers = 10 }
    heartbeat    = { interval = 0.25, strikes = 5 }
  }

  assert {
    condition = alltrue([
      for setting in [
        "RINGMASTER_INITIAL_SERVERS=server_1,Shop-2", "RINGMASTER_RING_STRATEGY=course", "RINGMASTER_REQUEST_HASH=sha256",
        "RINGMASTER_SLOTS=1024", "RINGMASTER_VIRTUAL_SERVERS=10", "RINGMASTER_HEARTBEAT_INTERVAL=0.25",
        "RINGMASTER_HEARTBEAT_TIMEOUT=0.5", "RINGMASTER_HEARTBEAT_STRIKES=5",
      ] : contains(module.balancer.environment, setting)
    ])
    error_message = "Names or ring profile do not reach the balancer as they were given."
  }
}

run "a_full_course_ring_is_allowed" {
  command = plan
  variables {
    replicas = 56
    ring     = { strategy = "course" }
  }

  assert {
    condition     = contains(module.balancer.environment, "RINGMASTER_RING_STRATEGY=course")
    error_message = "56 servers with 9 points each fit on 512 slots."
  }
}

run "containers_keep_no_privilege" {
  command = plan

  assert {
    condition     = alltrue([for container in [module.balancer, module.edge[0]] : container.hardened])
    error_message = "A container lacks its read-only root file system, its dropped capabilities or no-new-privileges."
  }
}
