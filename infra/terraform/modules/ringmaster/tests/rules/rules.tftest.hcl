# Every rule of variables.tf, broken once: the plan must fail, and for that variable. Only variables.tf is here, by a link, which makes
# hundreds of plans quick.
# (Not here: docker_gid = null on a machine without a group docker, which depends on the machine.)

variables {
  docker_gid = 999
}

run "deployment_has_a_blank" {
  command = plan
  variables {
    deployment = "my ring"
  }
  expect_failures = [var.deployment]
}

run "deployment_is_empty" {
  command = plan
  variables {
    deployment = ""
  }
  expect_failures = [var.deployment]
}

run "name_prefix_has_a_capital" {
  command = plan
  variables {
    name_prefix = "Blue-"
  }
  expect_failures = [var.name_prefix]
}

run "name_prefix_starts_with_a_hyphen" {
  command = plan
  variables {
    name_prefix = "-blue"
  }
  expect_failures = [var.name_prefix]
}

run "name_prefix_is_too_long" {
  command = plan
  variables {
    name_prefix = "a234567890123456789012345678901"
  }
  expect_failures = [var.name_prefix]
}

run "docker_host_has_no_scheme" {
  command = plan
  variables {
    docker_host = "10.0.0.5:2375"
  }
  expect_failures = [var.docker_host]
}

run "docker_socket_is_relative" {
  command = plan
  variables {
    docker_socket = "docker.sock"
  }
  expect_failures = [var.docker_socket]
}

run "docker_gid_is_negative" {
  command = plan
  variables {
    docker_gid = -1
  }
  expect_failures = [var.docker_gid]
}

run "docker_gid_is_a_fraction" {
  command = plan
  variables {
    docker_gid = 0.5
  }
  expect_failures = [var.docker_gid]
}

run "remote_engine_without_docker_gid" {
  command = plan
  variables {
    docker_host = "ssh://root@10.0.0.5"
    docker_gid  = null
  }
  expect_failures = [var.docker_gid]
}

run "base_image_is_empty" {
  command = plan
  variables {
    base_image = ""
  }
  expect_failures = [var.base_image]
}

run "an_image_has_a_blank" {
  command = plan
  variables {
    images = { edge = "registry.example/ringmaster edge" }
  }
  expect_failures = [var.images]
}

run "a_label_of_ringmasters_own" {
  command = plan
  variables {
    labels = { "Ringmaster.role" = "server" }
  }
  expect_failures = [var.labels]
}

run "a_label_has_a_blank" {
  command = plan
  variables {
    labels = { "my team" = "shop" }
  }
  expect_failures = [var.labels]
}

run "security_options_of_the_servers" {
  command = plan
  variables {
    security_options = { server = ["apparmor=shop"] }
  }
  expect_failures = [var.security_options]
}

run "no_profile_at_all" {
  command = plan
  variables {
    security_options = { edge = ["apparmor=unconfined"] }
  }
  expect_failures = [var.security_options]
}

run "no_seccomp_at_all" {
  command = plan
  variables {
    security_options = { edge = ["seccomp=unconfined"] }
  }
  expect_failures = [var.security_options]
}

run "seccomp_profile_is_not_there" {
  command = plan
  variables {
    security_options = { edge = ["seccomp=/nowhere/profile.json"] }
  }
  expect_failures = [var.security_options]
}

run "network_driver_publishes_no_ports" {
  command = plan
  variables {
    network = { driver = "macvlan" }
  }
  expect_failures = [var.network]
}

run "mtu_among_the_options" {
  command = plan
  variables {
    network = { options = { "com.docker.network.driver.mtu" = "1400" } }
  }
  expect_failures = [var.network]
}

run "subnet_begins_in_the_middle" {
  command = plan
  variables {
    network = { subnet = "10.90.0.5/24" }
  }
  expect_failures = [var.network]
}

run "subnet_is_too_small" {
  command = plan
  variables {
    network = { subnet = "10.90.0.0/30" }
  }
  expect_failures = [var.network]
}

run "network_mtu_is_too_small" {
  command = plan
  variables {
    network = { mtu = 500 }
  }
  expect_failures = [var.network]
}

run "a_volume_has_a_slash" {
  command = plan
  variables {
    volume_names = { state = "shop/fleet" }
  }
  expect_failures = [var.volume_names]
}

run "two_volumes_of_one_name" {
  command = plan
  variables {
    volume_names = { state = "shop", keeper = "shop" }
  }
  expect_failures = [var.volume_names]
}

run "two_volumes_of_one_name_with_a_default" {
  command = plan
  variables {
    volume_names = { state = "ringmaster-keeper" }
  }
  expect_failures = [var.volume_names]
}

run "log_level_is_unknown" {
  command = plan
  variables {
    log_level = "chatty"
  }
  expect_failures = [var.log_level]
}

run "data_plane_is_unknown" {
  command = plan
  variables {
    data_plane = "nginx"
  }
  expect_failures = [var.data_plane]
}

run "publish_address_is_a_name" {
  command = plan
  variables {
    publish_address = "localhost"
    token           = "correct-horse-battery-staple"
  }
  expect_failures = [var.publish_address]
}

run "publish_beyond_loopback_without_a_token" {
  command = plan
  variables {
    publish_address = "0.0.0.0"
  }
  expect_failures = [var.publish_address]
}

run "publish_on_every_ipv6_address_without_a_token" {
  command = plan
  variables {
    publish_address = "::"
  }
  expect_failures = [var.publish_address]
}

run "publish_beyond_loopback_with_named_tokens" {
  command = plan
  variables {
    publish_address = "0.0.0.0"
    control_address = "0.0.0.0"
    tokens_file     = "/etc/ringmaster/tokens/tokens.json"
  }
}

run "tokens_file_is_relative" {
  command = plan
  variables {
    tokens_file = "tokens/tokens.json"
  }
  expect_failures = [var.tokens_file]
}

run "tokens_file_has_no_folder_of_its_own" {
  command = plan
  variables {
    tokens_file = "/tokens.json"
  }
  expect_failures = [var.tokens_file]
}

run "tokens_file_is_a_folder" {
  command = plan
  variables {
    tokens_file = "/etc/ringmaster/tokens/"
  }
  expect_failures = [var.tokens_file]
}

run "control_host_has_a_port" {
  command = plan
  variables {
    control_hosts = ["ring.example", "lb.example:5001"]
  }
  expect_failures = [var.control_hosts]
}

run "control_host_has_a_scheme" {
  command = plan
  variables {
    control_hosts = ["https://ring.example"]
  }
  expect_failures = [var.control_hosts]
}

run "control_host_is_a_pattern" {
  command = plan
  variables {
    control_hosts = ["*"]
  }
  expect_failures = [var.control_hosts]
}

run "control_host_has_an_empty_part" {
  command = plan
  variables {
    control_hosts = ["ring..example"]
  }
  expect_failures = [var.control_hosts]
}

run "publish_port_is_zero" {
  command = plan
  variables {
    publish_port = 0
  }
  expect_failures = [var.publish_port]
}

run "publish_port_is_too_large" {
  command = plan
  variables {
    publish_port = 65536
  }
  expect_failures = [var.publish_port]
}

run "publish_port_is_a_fraction" {
  command = plan
  variables {
    publish_port = 5000.5
  }
  expect_failures = [var.publish_port]
}

run "control_address_is_a_name" {
  command = plan
  variables {
    control_address = "localhost"
    token           = "correct-horse-battery-staple"
  }
  expect_failures = [var.control_address]
}

run "control_beyond_loopback_without_a_token" {
  command = plan
  variables {
    control_address = "192.168.1.10"
  }
  expect_failures = [var.control_address]
}

run "control_port_is_zero" {
  command = plan
  variables {
    control_port = 0
  }
  expect_failures = [var.control_port]
}

run "control_port_is_too_large" {
  command = plan
  variables {
    control_port = 70000
  }
  expect_failures = [var.control_port]
}

run "control_port_is_a_fraction" {
  command = plan
  variables {
    control_port = 5001.5
  }
  expect_failures = [var.control_port]
}

run "both_ports_are_the_same" {
  command = plan
  variables {
    publish_port = 6000
    control_port = 6000
  }
  expect_failures = [var.control_port]
}

run "token_is_short" {
  command = plan
  variables {
    token = "nineteen-characters"
  }
  expect_failures = [var.token]
}

run "token_has_a_blank" {
  command = plan
  variables {
    token = "twenty characters and more"
  }
  expect_failures = [var.token]
}

run "replicas_is_zero" {
  command = plan
  variables {
    replicas = 0
  }
  expect_failures = [var.replicas]
}

run "replicas_is_a_fraction" {
  command = plan
  variables {
    replicas = 2.5
  }
  expect_failures = [var.replicas]
}

run "more_replicas_than_max_servers" {
  command = plan
  variables {
    replicas    = 5
    max_servers = 4
  }
  expect_failures = [var.replicas]
}

run "server_name_is_too_short" {
  command = plan
  variables {
    replicas     = 1
    server_names = ["a"]
  }
  expect_failures = [var.server_names]
}

run "server_name_has_a_dot" {
  command = plan
  variables {
    replicas     = 1
    server_names = ["shop.1"]
  }
  expect_failures = [var.server_names]
}

run "server_name_starts_with_a_hyphen" {
  command = plan
  variables {
    replicas     = 1
    server_names = ["-shop"]
  }
  expect_failures = [var.server_names]
}

run "server_names_differ_only_in_case" {
  command = plan
  variables {
    replicas     = 2
    server_names = ["shop", "Shop"]
  }
  expect_failures = [var.server_names]
}

run "fewer_server_names_than_replicas" {
  command = plan
  variables {
    replicas     = 3
    server_names = ["shop1", "shop2"]
  }
  expect_failures = [var.server_names]
}

run "no_server_names_for_replicas" {
  command = plan
  variables {
    server_names = []
  }
  expect_failures = [var.server_names]
}

run "max_servers_is_zero" {
  command = plan
  variables {
    max_servers = 0
    replicas    = 1
  }
  expect_failures = [var.max_servers]
}

run "max_servers_is_too_large" {
  command = plan
  variables {
    max_servers = 1001
  }
  expect_failures = [var.max_servers]
}

run "max_servers_is_a_fraction" {
  command = plan
  variables {
    max_servers = 9.5
  }
  expect_failures = [var.max_servers]
}

run "autoscale_min_is_zero" {
  command = plan
  variables {
    autoscale = { min = 0, max = 4, in_flight = 8 }
  }
  expect_failures = [var.autoscale]
}

run "autoscale_max_is_below_min" {
  command = plan
  variables {
    autoscale = { min = 3, max = 2, in_flight = 8 }
  }
  expect_failures = [var.autoscale]
}

run "autoscale_max_is_beyond_max_servers" {
  command = plan
  variables {
    autoscale = { min = 1, max = 65, in_flight = 8 }
  }
  expect_failures = [var.autoscale]
}

run "autoscale_has_no_target" {
  command = plan
  variables {
    autoscale = { min = 1, max = 4 }
  }
  expect_failures = [var.autoscale]
}

run "autoscale_has_two_targets" {
  command = plan
  variables {
    autoscale = { min = 1, max = 4, in_flight = 8, latency = 0.2 }
  }
  expect_failures = [var.autoscale]
}

run "autoscale_in_flight_is_zero" {
  command = plan
  variables {
    autoscale = { min = 1, max = 4, in_flight = 0 }
  }
  expect_failures = [var.autoscale]
}

run "autoscale_latency_is_zero" {
  command = plan
  variables {
    autoscale = { min = 1, max = 4, latency = 0 }
  }
  expect_failures = [var.autoscale]
}

run "autoscale_down_after_is_shorter_than_up_after" {
  command = plan
  variables {
    autoscale = { min = 1, max = 4, in_flight = 8, down_after = 2 }
  }
  expect_failures = [var.autoscale]
}

run "spares_is_negative" {
  command = plan
  variables {
    spares = -1
  }
  expect_failures = [var.spares]
}

run "spares_is_too_large" {
  command = plan
  variables {
    spares = 101
  }
  expect_failures = [var.spares]
}

run "spares_is_a_fraction" {
  command = plan
  variables {
    spares = 0.5
  }
  expect_failures = [var.spares]
}

run "roll_surge_is_zero" {
  command = plan
  variables {
    roll = { surge = 0, batch = 0 }
  }
  expect_failures = [var.roll]
}

run "roll_surge_is_too_large" {
  command = plan
  variables {
    roll = { surge = 101 }
  }
  expect_failures = [var.roll]
}

run "roll_surge_is_a_fraction" {
  command = plan
  variables {
    roll = { surge = 1.5 }
  }
  expect_failures = [var.roll]
}

run "roll_batch_is_zero" {
  command = plan
  variables {
    roll = { batch = 0 }
  }
  expect_failures = [var.roll]
}

run "roll_batch_is_a_fraction" {
  command = plan
  variables {
    roll = { surge = 2, batch = 1.5 }
  }
  expect_failures = [var.roll]
}

run "roll_batch_is_larger_than_its_surge" {
  command = plan
  variables {
    roll = { surge = 2, batch = 3 }
  }
  expect_failures = [var.roll]
}

run "server_image_is_empty" {
  command = plan
  variables {
    server_image = ""
  }
  expect_failures = [var.server_image]
}

run "server_image_has_a_blank" {
  command = plan
  variables {
    server_image = "my shop"
  }
  expect_failures = [var.server_image]
}

run "server_port_is_zero" {
  command = plan
  variables {
    server_port = 0
  }
  expect_failures = [var.server_port]
}

run "server_port_is_too_large" {
  command = plan
  variables {
    server_port = 65536
  }
  expect_failures = [var.server_port]
}

run "server_port_is_a_fraction" {
  command = plan
  variables {
    server_port = 80.5
  }
  expect_failures = [var.server_port]
}

run "server_protocol_is_unknown" {
  command = plan
  variables {
    server_protocol = "h2"
  }
  expect_failures = [var.server_protocol]
}

run "server_protocol_is_not_for_flask" {
  command = plan
  variables {
    server_protocol = "h2c"
    data_plane      = "flask"
  }
  expect_failures = [var.server_protocol]
}

run "server_protocol_needs_longer_buffers" {
  command = plan
  variables {
    server_protocol = "h2c"
    bufsize         = 8192
  }
  expect_failures = [var.server_protocol]
}

run "heartbeat_path_has_no_slash" {
  command = plan
  variables {
    heartbeat_path = "heartbeat"
  }
  expect_failures = [var.heartbeat_path]
}

run "heartbeat_path_has_a_blank" {
  command = plan
  variables {
    heartbeat_path = "/heart beat"
  }
  expect_failures = [var.heartbeat_path]
}

run "server_environment_has_a_bad_name" {
  command = plan
  variables {
    server_environment = { "2ND" = "x" }
  }
  expect_failures = [var.server_environment]
}

run "server_environment_sets_the_server_id" {
  command = plan
  variables {
    server_environment = { SERVER_ID = "S1" }
  }
  expect_failures = [var.server_environment]
}

run "server_memory_has_no_unit" {
  command = plan
  variables {
    server_memory = "256"
  }
  expect_failures = [var.server_memory]
}

run "packages_is_a_sentence" {
  command = plan
  variables {
    packages = "those of today"
  }
  expect_failures = [var.packages]
}

run "build_proxies_has_another_name" {
  command = plan
  variables {
    build_proxies = { all_proxy = "http://proxy.example:3128" }
  }
  expect_failures = [var.build_proxies]
}

run "edge_memory_is_unlimited" {
  command = plan
  variables {
    edge_memory = ""
  }
  expect_failures = [var.edge_memory]
}

run "balancer_memory_has_no_unit" {
  command = plan
  variables {
    balancer_memory = "512"
  }
  expect_failures = [var.balancer_memory]
}

run "server_cpus_is_negative" {
  command = plan
  variables {
    server_cpus = -0.5
  }
  expect_failures = [var.server_cpus]
}

run "server_cpus_is_too_large" {
  command = plan
  variables {
    server_cpus = 513
  }
  expect_failures = [var.server_cpus]
}

run "server_capability_in_lower_case" {
  command = plan
  variables {
    server_capabilities = ["net_bind_service"]
  }
  expect_failures = [var.server_capabilities]
}

run "server_capability_with_its_prefix" {
  command = plan
  variables {
    server_capabilities = ["CAP_NET_RAW"]
  }
  expect_failures = [var.server_capabilities]
}

run "ring_strategy_is_unknown" {
  command = plan
  variables {
    ring = { strategy = "jump" }
  }
  expect_failures = [var.ring]
}

run "ring_request_hash_is_unknown" {
  command = plan
  variables {
    ring = { request_hash = "md4" }
  }
  expect_failures = [var.ring]
}

run "ring_key_is_of_no_kind" {
  command = plan
  variables {
    ring = { key = "body" }
  }
  expect_failures = [var.ring]
}

run "ring_key_has_no_name" {
  command = plan
  variables {
    ring = { key = "header:" }
  }
  expect_failures = [var.ring]
}

run "ring_key_has_a_blank_in_its_name" {
  command = plan
  variables {
    ring = { key = "cookie:my session" }
  }
  expect_failures = [var.ring]
}

run "ring_bound_is_one" {
  command = plan
  variables {
    ring = { bound = 1 }
  }
  expect_failures = [var.ring]
}

run "ring_bound_is_too_large" {
  command = plan
  variables {
    ring = { bound = 1001 }
  }
  expect_failures = [var.ring]
}

run "slow_start_is_negative" {
  command = plan
  variables {
    slow_start = -1
  }
  expect_failures = [var.slow_start]
}

run "plugins_directory_is_relative" {
  command = plan
  variables {
    plugins = { directory = "plugins", modules = ["a:B"] }
  }
  expect_failures = [var.plugins]
}

run "plugins_has_no_modules" {
  command = plan
  variables {
    plugins = { directory = "/srv/plugins" }
  }
  expect_failures = [var.plugins]
}

run "plugins_module_is_a_file" {
  command = plan
  variables {
    plugins = { directory = "/srv/plugins", modules = ["rendezvous.py"] }
  }
  expect_failures = [var.plugins]
}

run "unknown_path_is_unknown" {
  command = plan
  variables {
    unknown_path = "hide"
  }
  expect_failures = [var.unknown_path]
}

run "access_log_is_unknown" {
  command = plan
  variables {
    access_log = "none"
  }
  expect_failures = [var.access_log]
}

run "access_log_is_no_part" {
  command = plan
  variables {
    access_log = "0.0%"
  }
  expect_failures = [var.access_log]
}

run "access_log_is_more_than_a_part" {
  command = plan
  variables {
    access_log = "100%"
  }
  expect_failures = [var.access_log]
}

run "traceparent_is_unknown" {
  command = plan
  variables {
    traceparent = "none"
  }
  expect_failures = [var.traceparent]
}

run "otlp_endpoint_has_no_scheme" {
  command = plan
  variables {
    otlp_endpoint = "collector:4318"
  }
  expect_failures = [var.otlp_endpoint]
}

run "heartbeat_interval_is_too_short" {
  command = plan
  variables {
    heartbeat = { interval = 0.05 }
  }
  expect_failures = [var.heartbeat]
}

run "heartbeat_timeout_is_too_long" {
  command = plan
  variables {
    heartbeat = { timeout = 61 }
  }
  expect_failures = [var.heartbeat]
}

run "heartbeat_strikes_is_a_fraction" {
  command = plan
  variables {
    heartbeat = { strikes = 1.5 }
  }
  expect_failures = [var.heartbeat]
}

run "heartbeat_strikes_is_zero" {
  command = plan
  variables {
    heartbeat = { strikes = 0 }
  }
  expect_failures = [var.heartbeat]
}

run "heartbeat_start_grace_is_zero" {
  command = plan
  variables {
    heartbeat = { start_grace = 0 }
  }
  expect_failures = [var.heartbeat]
}

run "drain_timeout_is_negative" {
  command = plan
  variables {
    drain_timeout = -1
  }
  expect_failures = [var.drain_timeout]
}

run "stop_timeout_is_a_fraction" {
  command = plan
  variables {
    stop_timeout = 0.5
  }
  expect_failures = [var.stop_timeout]
}

run "stop_timeout_is_too_long" {
  command = plan
  variables {
    stop_timeout = 3601
  }
  expect_failures = [var.stop_timeout]
}

run "response_timeout_is_zero" {
  command = plan
  variables {
    response_timeout = 0
  }
  expect_failures = [var.response_timeout]
}

run "bufsize_is_too_small" {
  command = plan
  variables {
    bufsize = 4096
  }
  expect_failures = [var.bufsize]
}

run "server_pids_is_negative" {
  command = plan
  variables {
    server_pids = -1
  }
  expect_failures = [var.server_pids]
}

run "server_pids_is_a_fraction" {
  command = plan
  variables {
    server_pids = 0.5
  }
  expect_failures = [var.server_pids]
}

run "server_pids_is_too_large" {
  command = plan
  variables {
    server_pids = 4194305
  }
  expect_failures = [var.server_pids]
}

run "server_entrypoint_has_no_program" {
  command = plan
  variables {
    server_entrypoint = ["", "serve"]
  }
  expect_failures = [var.server_entrypoint]
}

run "server_command_has_a_null" {
  command = plan
  variables {
    server_command = ["serve", null]
  }
  expect_failures = [var.server_command]
}

run "server_user_has_a_blank" {
  command = plan
  variables {
    server_user = "shop owner"
  }
  expect_failures = [var.server_user]
}

run "server_user_has_no_group_after_its_colon" {
  command = plan
  variables {
    server_user = "shop:"
  }
  expect_failures = [var.server_user]
}

run "server_working_dir_is_relative" {
  command = plan
  variables {
    server_working_dir = "srv/app"
  }
  expect_failures = [var.server_working_dir]
}

run "server_volume_has_no_target" {
  command = plan
  variables {
    server_volumes = ["shop-data"]
  }
  expect_failures = [var.server_volumes]
}

run "server_volume_is_relative" {
  command = plan
  variables {
    server_volumes = ["./pages:/pages"]
  }
  expect_failures = [var.server_volumes]
}

run "server_volume_has_an_unknown_mode" {
  command = plan
  variables {
    server_volumes = ["shop-data:/data:readonly"]
  }
  expect_failures = [var.server_volumes]
}

run "server_volume_goes_up" {
  command = plan
  variables {
    server_volumes = ["/srv/pages/../../etc:/pages"]
  }
  expect_failures = [var.server_volumes]
}

run "server_tmpfs_has_an_unknown_option" {
  command = plan
  variables {
    server_tmpfs = { "/tmp" = "size=64m,suid" }
  }
  expect_failures = [var.server_tmpfs]
}

run "server_tmpfs_goes_up" {
  command = plan
  variables {
    server_tmpfs = { "/tmp/../etc" = "" }
  }
  expect_failures = [var.server_tmpfs]
}

run "server_log_driver_is_unknown" {
  command = plan
  variables {
    server_log_driver = "carrier-pigeon"
  }
  expect_failures = [var.server_log_driver]
}

run "server_volumes_have_one_target" {
  command = plan
  variables {
    server_volumes = ["shop-data:/data", "/srv/pages:/data:ro"]
  }
  expect_failures = [var.server_volumes]
}

run "server_tmpfs_is_relative" {
  command = plan
  variables {
    server_tmpfs = { "tmp" = "" }
  }
  expect_failures = [var.server_tmpfs]
}

run "server_tmpfs_has_a_blank_in_its_options" {
  command = plan
  variables {
    server_tmpfs = { "/tmp" = "size=64m, exec" }
  }
  expect_failures = [var.server_tmpfs]
}

run "server_tmpfs_is_a_volume_too" {
  command = plan
  variables {
    server_tmpfs   = { "/data" = "" }
    server_volumes = ["shop-data:/data"]
  }
  expect_failures = [var.server_tmpfs]
}

run "server_stop_signal_is_in_lower_case" {
  command = plan
  variables {
    server_stop_signal = "sigquit"
  }
  expect_failures = [var.server_stop_signal]
}

run "server_label_has_a_blank" {
  command = plan
  variables {
    server_labels = { "my team" = "shop" }
  }
  expect_failures = [var.server_labels]
}

run "server_label_is_one_of_ours" {
  command = plan
  variables {
    server_labels = { "ringmaster.role" = "server" }
  }
  expect_failures = [var.server_labels]
}

run "server_log_driver_has_a_blank" {
  command = plan
  variables {
    server_log_driver = "json file"
  }
  expect_failures = [var.server_log_driver]
}

run "server_log_option_has_a_blank" {
  command = plan
  variables {
    server_log_options = { "max size" = "10m" }
  }
  expect_failures = [var.server_log_options]
}

run "registry_config_is_relative" {
  command = plan
  variables {
    registry_config = "registry/config.json"
  }
  expect_failures = [var.registry_config]
}

run "registry_config_has_another_name" {
  command = plan
  variables {
    registry_config = "/etc/ringmaster/credentials.json"
  }
  expect_failures = [var.registry_config]
}

run "server_max_connections_is_negative" {
  command = plan
  variables {
    server_max_connections = -1
  }
  expect_failures = [var.server_max_connections]
}

run "server_max_connections_is_a_fraction" {
  command = plan
  variables {
    server_max_connections = 1.5
  }
  expect_failures = [var.server_max_connections]
}

run "control_prefix_has_no_slash" {
  command = plan
  variables {
    control_prefix = "ringmaster"
  }
  expect_failures = [var.control_prefix]
}

run "control_prefix_ends_with_a_slash" {
  command = plan
  variables {
    control_prefix = "/ringmaster/"
  }
  expect_failures = [var.control_prefix]
}

run "control_prefix_is_a_way_up" {
  command = plan
  variables {
    control_prefix = "/ringmaster/.."
  }
  expect_failures = [var.control_prefix]
}

run "control_prefix_without_control_on_the_public_port" {
  command = plan
  variables {
    public_control = false
    control_prefix = "/ringmaster"
  }
  expect_failures = [var.public_control]
}

run "trusted_proxies_is_an_address" {
  command = plan
  variables {
    trusted_proxies = ["10.0.0.1"]
  }
  expect_failures = [var.trusted_proxies]
}

run "trusted_proxies_is_inside_of_its_network" {
  command = plan
  variables {
    trusted_proxies = ["2001:db8::/32", "10.0.0.1/8"]
  }
  expect_failures = [var.trusted_proxies]
}

run "trusted_proxies_is_a_name" {
  command = plan
  variables {
    trusted_proxies = ["proxy.example"]
  }
  expect_failures = [var.trusted_proxies]
}

run "hang_timeout_is_too_short" {
  command = plan
  variables {
    hang_timeout = 1
  }
  expect_failures = [var.hang_timeout]
}

run "pull_timeout_is_zero" {
  command = plan
  variables {
    pull_timeout = 0
  }
  expect_failures = [var.pull_timeout]
}

run "stream_timeout_is_zero" {
  command = plan
  variables {
    stream_timeout = 0
  }
  expect_failures = [var.stream_timeout]
}

run "stream_timeout_is_too_long" {
  command = plan
  variables {
    stream_timeout = 86401
  }
  expect_failures = [var.stream_timeout]
}

run "queue_timeout_is_zero" {
  command = plan
  variables {
    queue_timeout = 0
  }
  expect_failures = [var.queue_timeout]
}

run "heartbeat_host_is_a_url" {
  command = plan
  variables {
    heartbeat = { host = "http://shop.example" }
  }
  expect_failures = [var.heartbeat]
}

run "heartbeat_host_has_a_blank" {
  command = plan
  variables {
    heartbeat = { host = "shop example" }
  }
  expect_failures = [var.heartbeat]
}

run "heartbeat_status_is_a_word" {
  command = plan
  variables {
    heartbeat = { status = "ok" }
  }
  expect_failures = [var.heartbeat]
}

run "heartbeat_status_is_no_status" {
  command = plan
  variables {
    heartbeat = { status = "200-600" }
  }
  expect_failures = [var.heartbeat]
}

run "heartbeat_status_ends_before_it_begins" {
  command = plan
  variables {
    heartbeat = { status = "200,399-300" }
  }
  expect_failures = [var.heartbeat]
}

run "hash_seed_is_too_short" {
  command = plan
  variables {
    hash_seed = "fifteen-letters"
    explain   = false
  }
  expect_failures = [var.hash_seed]
}

run "hash_seed_has_a_blank" {
  command = plan
  variables {
    hash_seed = "sixteen letters and more"
    explain   = false
  }
  expect_failures = [var.hash_seed]
}

run "hash_seed_is_there_and_answers_tell_the_slot" {
  command = plan
  variables {
    hash_seed = "a-secret-of-operators"
  }
  expect_failures = [var.hash_seed]
}

run "max_connections_is_negative" {
  command = plan
  variables {
    max_connections = -1
  }
  expect_failures = [var.max_connections]
}

run "max_connections_is_a_fraction" {
  command = plan
  variables {
    max_connections = 99.5
  }
  expect_failures = [var.max_connections]
}

run "rate_limit_is_no_request" {
  command = plan
  variables {
    rate_limit = { requests = 0, seconds = 10 }
  }
  expect_failures = [var.rate_limit]
}

run "rate_limit_is_a_part_of_a_second" {
  command = plan
  variables {
    rate_limit = { requests = 10, seconds = 0.5 }
  }
  expect_failures = [var.rate_limit]
}

run "rate_limit_is_longer_than_an_hour" {
  command = plan
  variables {
    rate_limit = { requests = 10, seconds = 3601 }
  }
  expect_failures = [var.rate_limit]
}

run "rate_limit_is_by_nothing_known" {
  command = plan
  variables {
    rate_limit = { requests = 10, seconds = 1, by = "user" }
  }
  expect_failures = [var.rate_limit]
}

run "rate_limit_has_no_edge" {
  command = plan
  variables {
    rate_limit = { requests = 10, seconds = 1 }
    data_plane = "flask"
  }
  expect_failures = [var.rate_limit]
}

run "policy_image_with_a_digest" {
  command = plan
  variables {
    policy = { images = ["shop@sha256:00"] }
  }
  expect_failures = [var.policy]
}

run "policy_image_is_empty" {
  command = plan
  variables {
    policy = { images = [""] }
  }
  expect_failures = [var.policy]
}

run "policy_volume_is_a_folder" {
  command = plan
  variables {
    policy = { volumes = ["/etc"] }
  }
  expect_failures = [var.policy]
}

run "policy_label_has_a_blank" {
  command = plan
  variables {
    policy = { labels = ["my team"] }
  }
  expect_failures = [var.policy]
}

run "policy_capability_is_in_lower_case" {
  command = plan
  variables {
    policy = { capabilities = ["net_raw"] }
  }
  expect_failures = [var.policy]
}

run "policy_memory_has_no_such_unit" {
  command = plan
  variables {
    policy = { memory = "8t" }
  }
  expect_failures = [var.policy]
}

run "policy_cpus_are_negative" {
  command = plan
  variables {
    policy = { cpus = -1 }
  }
  expect_failures = [var.policy]
}

run "policy_pids_are_a_fraction" {
  command = plan
  variables {
    policy = { pids = 0.5 }
  }
  expect_failures = [var.policy]
}

run "tls_is_self_signed" {
  command = plan
  variables {
    tls = "self-signed"
  }
  expect_failures = [var.tls]
}

run "tls_is_relative" {
  command = plan
  variables {
    tls = "certificates"
  }
  expect_failures = [var.tls]
}

run "tls_without_an_edge" {
  command = plan
  variables {
    tls        = "/srv/tls"
    data_plane = "flask"
  }
  expect_failures = [var.tls]
}

run "tls_port_is_zero" {
  command = plan
  variables {
    tls_port = 0
  }
  expect_failures = [var.tls_port]
}

run "tls_port_is_taken" {
  command = plan
  variables {
    tls      = "/srv/tls"
    tls_port = 5001
  }
  expect_failures = [var.tls_port]
}

run "tls_redirect_without_tls" {
  command = plan
  variables {
    tls_redirect = true
  }
  expect_failures = [var.tls_redirect]
}

run "tls_client_ca_is_relative" {
  command = plan
  variables {
    tls           = "/srv/tls"
    tls_client_ca = "ca.pem"
  }
  expect_failures = [var.tls_client_ca]
}

run "tls_client_ca_without_tls" {
  command = plan
  variables {
    tls_client_ca = "/srv/ca.pem"
  }
  expect_failures = [var.tls_client_ca]
}
