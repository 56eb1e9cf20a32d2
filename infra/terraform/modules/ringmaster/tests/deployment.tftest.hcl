# What a deployment is made of: the defaults, both data planes, the settings that reach the balancer. No engine is needed.

mock_provider "docker" {
  override_during = plan

  mock_resource "docker_image" {
    defaults = { image_id = "sha256:built" }
  }

  mock_resource "docker_container" {
    defaults = { id = "container-id" }
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
    condition     = output.containers == { balancer = "ringmaster-balancer", edge = "ringmaster-edge", keeper = "ringmaster-keeper" }
    error_message = "The haproxy plane has a balancer, its keeper and an edge."
  }

  assert {
    condition     = output.volumes == { state = "ringmaster-state", edge = "ringmaster-edge", keeper = "ringmaster-keeper" }
    error_message = "The state, the edge's configuration and the keeper's socket lie on volumes."
  }

  assert {
    condition     = output.images == { server = "sha256:built", balancer = "sha256:built", edge = "sha256:built" }
    error_message = "All three images are built."
  }

  assert {
    condition = local.settings == {
      RINGMASTER_ACCESS_LOG             = "errors"
      RINGMASTER_TRACEPARENT            = "make"
      RINGMASTER_OTLP_ENDPOINT          = ""
      RINGMASTER_AUTOSCALE              = "{}"
      RINGMASTER_DATA_PLANE             = "haproxy"
      RINGMASTER_DEPLOYMENT             = "ringmaster"
      RINGMASTER_DRAIN_TIMEOUT          = "30"
      RINGMASTER_EXPLAIN                = "true"
      RINGMASTER_CONTROL_HOSTS          = ""
      RINGMASTER_CONTROL_PREFIX         = ""
      RINGMASTER_TOKENS_FILE            = ""
      RINGMASTER_HANG_TIMEOUT           = "10"
      RINGMASTER_HASH_SEED              = ""
      RINGMASTER_HEARTBEAT_HOST         = ""
      RINGMASTER_HEARTBEAT_STATUS       = "200"
      RINGMASTER_PUBLIC_CONTROL         = "true"
      RINGMASTER_POLICY                 = "{\"capabilities\":[],\"cpus\":0,\"images\":[],\"labels\":[],\"memory\":\"4g\",\"pids\":4096,\"volumes\":[]}"
      RINGMASTER_PULL_TIMEOUT           = "600"
      RINGMASTER_TLS                    = "false"
      RINGMASTER_TLS_CLIENT_CA          = "false"
      RINGMASTER_TLS_CONTROL            = "false"
      RINGMASTER_TLS_PORT               = "5443"
      RINGMASTER_TLS_REDIRECT           = "false"
      RINGMASTER_QUEUE_TIMEOUT          = "10"
      RINGMASTER_REGISTRY_CONFIG        = ""
      RINGMASTER_SERVER_COMMAND         = "[]"
      RINGMASTER_SERVER_ENTRYPOINT      = "[]"
      RINGMASTER_SERVER_IMAGE_ID        = "sha256:built"
      RINGMASTER_SERVER_INIT            = "true"
      RINGMASTER_SERVER_KEEP_ALIVE      = "true"
      RINGMASTER_SERVER_LABELS          = "{}"
      RINGMASTER_SERVER_LOG_DRIVER      = "json-file"
      RINGMASTER_SERVER_LOG_OPTIONS     = ""
      RINGMASTER_SERVER_MAX_CONNECTIONS = "0"
      RINGMASTER_SERVER_PIDS            = "512"
      RINGMASTER_SERVER_STOP_SIGNAL     = ""
      RINGMASTER_SERVER_TMPFS           = ""
      RINGMASTER_SERVER_USER            = ""
      RINGMASTER_SERVER_VOLUMES         = "[]"
      RINGMASTER_SERVER_WORKING_DIR     = ""
      RINGMASTER_STREAM_TIMEOUT         = "3600"
      RINGMASTER_TRUSTED_PROXIES        = ""
      RINGMASTER_HEARTBEAT_INTERVAL     = "0.2"
      RINGMASTER_HEARTBEAT_PATH         = "/heartbeat"
      RINGMASTER_HEARTBEAT_STRIKES      = "2"
      RINGMASTER_HEARTBEAT_TIMEOUT      = "0.4"
      RINGMASTER_INITIAL_SERVERS        = "S1,S2,S3"
      RINGMASTER_LOG_LEVEL              = "info"
      RINGMASTER_MAX_CONNECTIONS        = "0"
      RINGMASTER_MAX_SERVERS            = "64"
      RINGMASTER_NAME_PREFIX            = ""
      RINGMASTER_NETWORK                = "ringmaster"
      RINGMASTER_PLUGINS                = ""
      RINGMASTER_RATE_LIMIT             = "{}"
      RINGMASTER_RESPONSE_TIMEOUT       = "60"
      RINGMASTER_BUFSIZE                = "8192"
      RINGMASTER_RING                   = "{\"strategy\":\"table\"}"
      RINGMASTER_ROLL_BATCH             = "1"
      RINGMASTER_ROLL_SURGE             = "1"
      RINGMASTER_SERVER_CAPABILITIES    = ""
      RINGMASTER_SERVER_CPUS            = "0"
      RINGMASTER_SERVER_ENVIRONMENT     = "{}"
      RINGMASTER_SERVER_IMAGE           = module.images.names.server
      RINGMASTER_SERVER_MEMORY          = "512m"
      RINGMASTER_SERVER_PORT            = "5000"
      RINGMASTER_SERVER_PROTOCOL        = "http"
      RINGMASTER_SERVER_READ_ONLY       = "true"
      RINGMASTER_SLOW_START             = "0"
      RINGMASTER_SPARES                 = "0"
      RINGMASTER_START_GRACE            = "30"
      RINGMASTER_STOP_TIMEOUT           = "10"
      RINGMASTER_TOKEN_SHA256           = ""
      RINGMASTER_UNKNOWN_PATH           = "pass"
    }
    error_message = "The defaults do not reach the balancer as they should."
  }
}

run "containers_have_limits" {
  command = plan
  variables {
    max_servers = 100
    spares      = 3
    edge_memory = "2g"
  }

  assert {
    condition = {
      for role, limit in local.limits : role => "${limit.memory} ${limit.pids}"
    } == { keeper = "128m 924", balancer = "512m 924", edge = "2g 2048" }
    error_message = "Keeper, balancer and edge are not limited as they should be."
  }
}

run "values_that_may_be_secrets_are_in_no_plan" {
  command = plan
  variables {
    server_environment = { PASSWORD = "hunter2" }
    server_labels      = { team = "hunter2" }
    server_log_options = { tag = "hunter2" }
    hash_seed          = "0123456789abcdef0123456789abcdef"
    explain            = false
  }

  assert {
    condition = alltrue([
      for name in ["SERVER_ENVIRONMENT", "SERVER_LABELS", "SERVER_LOG_OPTIONS", "HASH_SEED"] : issensitive(local.environment["RINGMASTER_${name}"])
    ])
    error_message = "A plan shows the servers' environment, labels or log options."
  }
}

run "without_them_a_plan_shows_the_settings" {
  command = plan

  assert {
    condition     = length([for name, value in local.environment : name if issensitive(value)]) == 0
    error_message = "A plan hides settings that are no secrets."
  }
}

run "images_are_named_by_what_they_are_made_of" {
  command = plan

  assert {
    condition     = alltrue([for role, name in module.images.names : can(regex("^ringmaster-${role}:[0-9a-f]{12}$", name))])
    error_message = "A built image has no tag of twelve hex digits."
  }

  assert {
    condition     = length(distinct([for name in values(module.images.names) : split(":", name)[1]])) == 3
    error_message = "Images of other sources have the same tag."
  }

}

run "published_images_are_not_built" {
  command = plan
  variables {
    images = {
      server   = "registry.example/ringmaster-server:1.0"
      balancer = "registry.example/ringmaster-balancer:1.0"
      edge     = "registry.example/ringmaster-edge:1.0"
    }
  }

  assert {
    condition     = output.image_names == { server = "registry.example/ringmaster-server:1.0", balancer = "registry.example/ringmaster-balancer:1.0", edge = "registry.example/ringmaster-edge:1.0" }
    error_message = "The images are not the published ones."
  }

  assert {
    condition     = !module.images.is_built
    error_message = "A base image is asked for, though nothing is built on it."
  }
}

run "own_application_among_published_images" {
  command = plan
  variables {
    server_image = "shop:1.4"
    data_plane   = "flask"
    images       = { server = "registry.example/ringmaster-server:1.0", edge = "registry.example/ringmaster-edge:1.0" }
  }

  assert {
    condition     = output.image_names.server == "shop:1.4" && startswith(output.image_names.balancer, "ringmaster-balancer:") && module.images.is_built
    error_message = "server_image takes the place of the sample, and what is left out is built."
  }

  assert {
    condition     = keys(output.image_names) == ["balancer", "server"]
    error_message = "The data plane flask has no edge, whatever images has."
  }
}

run "a_host_with_rules_of_its_own" {
  command = plan
  variables {
    labels           = { "com.example.team" = "shop" }
    security_options = { edge = ["apparmor=shop-edge"], keeper = ["label=type:container_runtime_t"] }
    network          = { subnet = "10.90.0.0/24", mtu = 1400, options = { "com.docker.network.bridge.name" = "shop0" } }
    volume_names     = { state = "shop-fleet" }
  }

  assert {
    condition     = output.volumes == { state = "shop-fleet", edge = "ringmaster-edge", keeper = "ringmaster-keeper" }
    error_message = "A volume has another name than the one that was asked for."
  }

  assert {
    condition     = alltrue([for volume in docker_volume.this : { for label in volume.labels : label.label => label.value } == { "ringmaster.deployment" = "ringmaster", "com.example.team" = "shop" }])
    error_message = "The volumes do not carry the labels."
  }

  assert {
    condition     = local.security_options == { edge = ["apparmor=shop-edge"], keeper = ["label=type:container_runtime_t"] }
    error_message = "The security options are not those that were asked for."
  }
}

run "ids_of_what_was_made" {
  command = plan

  assert {
    condition     = output.container_ids == { balancer = "container-id", edge = "container-id", keeper = "container-id" } && output.network_id == "network-id"
    error_message = "The ids of containers and network are not told."
  }
}

run "haproxy_plane_has_an_edge" {
  command = plan

  assert {
    condition     = length(module.edge) == 1 && local.published.edge[*].internal == tolist([5000, 5001]) && length(local.published.balancer) == 0
    error_message = "The edge has both ports, the balancer none."
  }
}

run "flask_plane_has_none" {
  command = plan
  variables {
    data_plane = "flask"
  }

  assert {
    condition     = length(module.edge) == 0 && output.containers == { balancer = "ringmaster-balancer", keeper = "ringmaster-keeper" }
    error_message = "The flask plane has no edge."
  }

  assert {
    condition     = local.published.balancer[*].internal == tolist([5000, 5001]) && length(local.published.edge) == 0
    error_message = "The balancer has both ports, the public one first."
  }

  assert {
    condition     = keys(output.images) == ["balancer", "server"] && keys(output.volumes) == ["keeper", "state"]
    error_message = "Without an edge there is neither its image nor its volume."
  }

  assert {
    condition     = local.settings.RINGMASTER_DATA_PLANE == "flask"
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
    condition     = local.settings.RINGMASTER_TOKEN_SHA256 == sha256("correct-horse-battery-staple")
    error_message = "The balancer does not get the token's SHA-256."
  }

  assert {
    condition     = !strcontains(jsonencode(local.settings), "correct-horse")
    error_message = "The token itself reaches the container."
  }

  assert {
    condition     = output.url == "http://127.0.0.1:5000" && output.control_url == "http://[::1]:5001"
    error_message = "An address that stands for all is reached on loopback; IPv6 stands in brackets."
  }
}

run "named_tokens_and_names_of_our_own" {
  command = plan
  variables {
    tokens_file   = "/etc/ringmaster/tokens/people.json"
    control_hosts = ["ring.example", "LB"]
  }

  assert {
    condition     = local.settings.RINGMASTER_TOKENS_FILE == "/run/tokens/people.json"
    error_message = "The balancer is not told where the named tokens are."
  }

  assert {
    condition     = local.settings.RINGMASTER_CONTROL_HOSTS == "ring.example,LB"
    error_message = "The balancer is not told its names."
  }
}

run "own_application" {
  command = plan
  variables {
    server_image           = "registry.example/shop:1.4"
    server_port            = 8080
    server_protocol        = "h2c"
    heartbeat_path         = "/health?deep=1"
    server_environment     = { MODE = "a b", NAME = "quote\"d" }
    server_memory          = "256m"
    server_cpus            = 0.5
    server_read_only       = false
    server_capabilities    = ["NET_BIND_SERVICE", "CHOWN"]
    server_pids            = 0
    server_entrypoint      = ["python3", "-m"]
    server_command         = ["shop", "a b"]
    server_user            = "shop:1000"
    server_working_dir     = "/srv/a b"
    server_volumes         = ["shop-data:/data", "/srv/pages:/pages:ro"]
    server_tmpfs           = { "/tmp" = "size=64m,mode=1777", "/run" = "" }
    server_init            = false
    server_stop_signal     = "SIGRTMIN+3"
    server_labels          = { "com.example.team" = "shop" }
    server_log_driver      = "local"
    server_log_options     = { max-size = "50m" }
    server_max_connections = 1
    server_keep_alive      = false
  }

  assert {
    condition     = local.settings.RINGMASTER_BUFSIZE == "16384"
    error_message = "Servers that speak HTTP/2 do not get the buffers that it needs."
  }

  assert {
    condition = {
      for name, value in local.settings : name => value if startswith(name, "RINGMASTER_SERVER_") || endswith(name, "_PATH")
      } == {
      RINGMASTER_HEARTBEAT_PATH         = "/health?deep=1"
      RINGMASTER_SERVER_CAPABILITIES    = "CHOWN,NET_BIND_SERVICE"
      RINGMASTER_SERVER_CPUS            = "0.5"
      RINGMASTER_SERVER_ENVIRONMENT     = "{\"MODE\":\"a b\",\"NAME\":\"quote\\\"d\"}"
      RINGMASTER_SERVER_COMMAND         = "[\"shop\",\"a b\"]"
      RINGMASTER_SERVER_ENTRYPOINT      = "[\"python3\",\"-m\"]"
      RINGMASTER_SERVER_IMAGE_ID        = "sha256:built"
      RINGMASTER_SERVER_INIT            = "false"
      RINGMASTER_SERVER_KEEP_ALIVE      = "false"
      RINGMASTER_SERVER_LABELS          = "{\"com.example.team\":\"shop\"}"
      RINGMASTER_SERVER_LOG_DRIVER      = "local"
      RINGMASTER_SERVER_LOG_OPTIONS     = "{\"max-size\":\"50m\"}"
      RINGMASTER_SERVER_MAX_CONNECTIONS = "1"
      RINGMASTER_SERVER_PIDS            = "0"
      RINGMASTER_SERVER_PROTOCOL        = "h2c"
      RINGMASTER_SERVER_STOP_SIGNAL     = "SIGRTMIN+3"
      RINGMASTER_SERVER_TMPFS           = "{\"/run\":\"\",\"/tmp\":\"size=64m,mode=1777\"}"
      RINGMASTER_SERVER_USER            = "shop:1000"
      RINGMASTER_SERVER_VOLUMES         = "[\"shop-data:/data\",\"/srv/pages:/pages:ro\"]"
      RINGMASTER_SERVER_WORKING_DIR     = "/srv/a b"
      RINGMASTER_SERVER_IMAGE           = "registry.example/shop:1.4"
      RINGMASTER_SERVER_MEMORY          = "256m"
      RINGMASTER_SERVER_PORT            = "8080"
      RINGMASTER_SERVER_READ_ONLY       = "false"
      RINGMASTER_UNKNOWN_PATH           = "pass"
    }
    error_message = "A setting of the application does not reach the balancer as it was given."
  }

  assert {
    condition     = output.images.server == "sha256:built"
    error_message = "The application's image is listed too."
  }
}

run "own_names_ring_and_heartbeat" {
  command = plan
  variables {
    replicas     = 2
    server_names = ["server_1", "Shop-2"]
    ring         = { strategy = "course", request_hash = "sha256", slots = 1024, virtual_servers = 10, probing = "triangular" }
    heartbeat    = { interval = 0.25, strikes = 5, host = "shop.example:8080", status = "200-299,302" }
    explain      = false
    access_log   = "0.5%"

    traceparent   = "pass"
    otlp_endpoint = "http://collector:4318"
  }

  assert {
    condition     = local.settings.RINGMASTER_INITIAL_SERVERS == "server_1,Shop-2"
    error_message = "The first fleet does not have the names that were given."
  }

  assert {
    condition     = jsondecode(local.settings.RINGMASTER_RING) == { strategy = "course", request_hash = "sha256", slots = 1024, virtual_servers = 10, probing = "triangular" }
    error_message = "The ring profile does not reach the balancer as it was given, and with nothing else."
  }

  assert {
    condition = [
      local.settings.RINGMASTER_HEARTBEAT_INTERVAL, local.settings.RINGMASTER_HEARTBEAT_TIMEOUT,
      local.settings.RINGMASTER_HEARTBEAT_STRIKES, local.settings.RINGMASTER_START_GRACE,
    ] == ["0.25", "0.4", "5", "30"]
    error_message = "What is left out of heartbeat keeps its default."
  }

  assert {
    condition     = [local.settings.RINGMASTER_HEARTBEAT_HOST, local.settings.RINGMASTER_HEARTBEAT_STATUS] == ["shop.example:8080", "200-299,302"]
    error_message = "What a heartbeat says and expects does not reach the balancer as it was given."
  }

  assert {
    condition     = [local.settings.RINGMASTER_EXPLAIN, local.settings.RINGMASTER_ACCESS_LOG] == ["false", "0.5%"]
    error_message = "How requests are explained does not reach the balancer as it was given."
  }

  assert {
    condition     = [local.settings.RINGMASTER_TRACEPARENT, local.settings.RINGMASTER_OTLP_ENDPOINT] == ["pass", "http://collector:4318"]
    error_message = "How requests and changes are traced does not reach the balancer as it was given."
  }
}

run "protection_reaches_the_balancer" {
  command = plan
  variables {
    hash_seed       = "a-secret-of-operators"
    explain         = false
    max_connections = 500
    rate_limit      = { requests = 100, seconds = 10 }
  }

  assert {
    condition     = nonsensitive(local.settings.RINGMASTER_HASH_SEED) == "a-secret-of-operators" && issensitive(local.environment.RINGMASTER_HASH_SEED)
    error_message = "The hash seed does not reach the balancer, or a plan shows it."
  }

  assert {
    condition     = [local.settings.RINGMASTER_MAX_CONNECTIONS, local.settings.RINGMASTER_RATE_LIMIT] == ["500", "{\"by\":\"address\",\"requests\":100,\"seconds\":10}"]
    error_message = "Connections and rate limit do not reach the balancer as they were given."
  }
}

run "a_hash_ring_with_keys_a_bound_and_slow_start" {
  command = plan
  variables {
    ring       = { strategy = "ring", points = "2^32", point_hash = "sha1", virtual_servers = 200, request_hash = "xxh64", key = "header:X-User", bound = 1.25 }
    slow_start = 12.5
  }

  assert {
    condition     = local.settings.RINGMASTER_RING == "{\"bound\":1.25,\"key\":\"header:X-User\",\"point_hash\":\"sha1\",\"points\":\"2^32\",\"request_hash\":\"xxh64\",\"strategy\":\"ring\",\"virtual_servers\":200}"
    error_message = "The ring profile does not reach the balancer as it was given, and with nothing else."
  }

  assert {
    condition     = local.settings.RINGMASTER_SLOW_START == "12.5"
    error_message = "The slow start does not reach the balancer as it was given."
  }
}

run "n_follows_the_load" {
  command = plan
  variables {
    autoscale = { min = 2, max = 56, latency = 0.2, up_after = 1.5 }
    ring      = { strategy = "course" }
  }

  assert {
    condition     = local.settings.RINGMASTER_AUTOSCALE == "{\"down_after\":60,\"latency\":0.2,\"max\":56,\"min\":2,\"up_after\":1.5}"
    error_message = "The autoscaling does not reach the balancer as it was given, and with nothing else."
  }
}

run "spares_and_a_roll_of_several_at_once" {
  command = plan
  variables {
    spares = 2
    roll   = { surge = 3, batch = 2 }
  }

  assert {
    condition = [
      local.settings.RINGMASTER_SPARES, local.settings.RINGMASTER_ROLL_SURGE, local.settings.RINGMASTER_ROLL_BATCH,
    ] == ["2", "3", "2"]
    error_message = "Spares and roll do not reach the balancer as they were given."
  }
}

run "what_is_left_out_of_roll_is_one" {
  command = plan
  variables {
    roll = { surge = 2 }
  }

  assert {
    condition     = [local.settings.RINGMASTER_ROLL_SURGE, local.settings.RINGMASTER_ROLL_BATCH] == ["2", "1"]
    error_message = "What is left out of roll keeps its default."
  }
}

run "plugins_bring_their_own_names" {
  command = plan
  variables {
    ring    = { strategy = "rendezvous", request_hash = "fnv", slots = 1000 }
    plugins = { directory = "/srv/plugins", modules = ["rendezvous:Rendezvous", "hashes.fnv:FNV"] }
  }

  assert {
    condition     = local.settings.RINGMASTER_PLUGINS == "rendezvous:Rendezvous,hashes.fnv:FNV"
    error_message = "The plug-ins' names do not reach the balancer as they were given."
  }

  assert {
    condition     = jsondecode(local.settings.RINGMASTER_RING) == { strategy = "rendezvous", request_hash = "fnv", slots = 1000 }
    error_message = "A plug-in's profile does not reach the balancer as it was given."
  }
}

run "a_full_course_ring_is_allowed" {
  command = plan
  variables {
    replicas = 56
    ring     = { strategy = "course" }
  }

  assert {
    condition     = length(split(",", local.settings.RINGMASTER_INITIAL_SERVERS)) == 56
    error_message = "56 servers with 9 points each fit on 512 slots."
  }
}

run "maglevs_table_holds_more_than_512_servers" {
  command = plan
  variables {
    replicas    = 600
    max_servers = 600
    ring        = { strategy = "maglev" }
  }

  assert {
    condition     = local.settings.RINGMASTER_RING == "{\"strategy\":\"maglev\"}"
    error_message = "Maglev's own M is the balancer's business."
  }
}

run "other_peoples_clients_and_proxies" {
  command = plan
  variables {
    trusted_proxies = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7/32"]
    control_prefix  = "/ringmaster/v1"
    stream_timeout  = 86400
    queue_timeout   = 0.5
    hang_timeout    = 2.5
    pull_timeout    = 30
  }

  assert {
    condition = [
      local.settings.RINGMASTER_TRUSTED_PROXIES, local.settings.RINGMASTER_CONTROL_PREFIX, local.settings.RINGMASTER_STREAM_TIMEOUT,
      local.settings.RINGMASTER_QUEUE_TIMEOUT, local.settings.RINGMASTER_HANG_TIMEOUT, local.settings.RINGMASTER_PULL_TIMEOUT,
    ] == ["10.0.0.0/8,2001:db8::/32,192.0.2.7/32", "/ringmaster/v1", "86400", "0.5", "2.5", "30"]
    error_message = "A setting of the public side does not reach the balancer as it was given."
  }

  assert {
    condition     = output.fleet_url == "http://127.0.0.1:5000/ringmaster/v1"
    error_message = "The prefix is not where the fleet is asked for."
  }
}

run "control_is_off_the_public_port" {
  command = plan
  variables {
    public_control = false
  }

  assert {
    condition     = local.settings.RINGMASTER_PUBLIC_CONTROL == "false"
    error_message = "The balancer is not told."
  }

  assert {
    condition     = output.fleet_url == output.control_url
    error_message = "The fleet is asked for where nobody answers for it."
  }
}

run "what_the_keeper_is_told" {
  command = plan
  variables {
    server_environment = { PASSWORD = "secret" }
    policy             = { images = ["registry.example/team/*"], memory = "" }
  }

  assert {
    condition     = length([for value in values(local.keeper_settings) : value if strcontains(value, "secret")]) == 0
    error_message = "The keeper is told what servers keep secret."
  }

  assert {
    condition     = jsondecode(local.keeper_settings.RINGMASTER_POLICY) == jsondecode(local.settings.RINGMASTER_POLICY) && jsondecode(local.settings.RINGMASTER_POLICY).images == ["registry.example/team/*"]
    error_message = "The policy does not reach keeper and balancer as it was given."
  }
}

run "tls" {
  command = plan
  variables {
    tls           = "/srv/tls"
    tls_port      = 8443
    tls_redirect  = true
    tls_client_ca = "/srv/ca.pem"
  }

  assert {
    condition     = output.tls_url == "https://127.0.0.1:8443" && output.url == output.tls_url && output.control_url == "http://127.0.0.1:5001"
    error_message = "With a redirect the public side is the one with TLS, and the control port on loopback is as it was."
  }

  assert {
    condition     = [for name in ["TLS", "TLS_PORT", "TLS_REDIRECT", "TLS_CLIENT_CA", "TLS_CONTROL"] : local.settings["RINGMASTER_${name}"]] == ["true", "8443", "true", "true", "false"]
    error_message = "The balancer is not told of TLS as it is."
  }

  assert {
    condition     = local.published.edge[2] == { address = "127.0.0.1", port = 8443, internal = 5443 }
    error_message = "The edge does not publish HTTPS."
  }
}

run "tls_beyond_loopback" {
  command = plan
  variables {
    tls             = "/srv/tls"
    control_address = "0.0.0.0"
    token           = "0123456789abcdefghijklmnopqrstuv"
  }

  assert {
    condition     = output.control_url == "https://127.0.0.1:5001" && output.url == "http://127.0.0.1:5000" && local.settings.RINGMASTER_TLS_CONTROL == "true"
    error_message = "A control port beyond loopback speaks TLS where there is any."
  }
}
