# What the balancer is told, and the keeper: its settings.py says how it reads them.

locals {
  # Nothing with runtime = "engine": another variable would replace the containers of a deployment that was there before these were.
  swarm_settings = !local.is_swarm ? {} : {
    RINGMASTER_RUNTIME          = "swarm"
    RINGMASTER_NODE_CONSTRAINTS = join(",", coalesce(var.swarm.node_constraints, []))
    RINGMASTER_EDGE_PORT        = "5002"
    RINGMASTER_EDGE_LEASE       = tostring(coalesce(var.swarm.edge_lease, 3))
  }

  settings = merge(local.swarm_settings, {
    RINGMASTER_DEPLOYMENT             = var.deployment
    RINGMASTER_NAME_PREFIX            = var.name_prefix
    RINGMASTER_NETWORK                = local.names.network
    RINGMASTER_DATA_PLANE             = var.data_plane
    RINGMASTER_LOG_LEVEL              = var.log_level
    RINGMASTER_TOKEN_SHA256           = nonsensitive(var.token == null) ? "" : sha256(var.token)
    RINGMASTER_TOKENS_FILE            = var.tokens_file == null ? "" : "${local.tokens_folder}/${basename(var.tokens_file)}"
    RINGMASTER_CONTROL_HOSTS          = join(",", var.control_hosts)
    RINGMASTER_INITIAL_SERVERS        = join(",", coalesce(var.server_names, [for number in range(var.replicas) : "S${number + 1}"]))
    RINGMASTER_MAX_SERVERS            = tostring(var.max_servers)
    RINGMASTER_SERVER_IMAGE           = module.images.names.server
    RINGMASTER_SERVER_IMAGE_ID        = module.images.ids.server
    RINGMASTER_SERVER_PORT            = tostring(var.server_port)
    RINGMASTER_SERVER_PROTOCOL        = var.server_protocol
    RINGMASTER_HEARTBEAT_PATH         = var.heartbeat_path
    RINGMASTER_SERVER_ENVIRONMENT     = jsonencode(var.server_environment)
    RINGMASTER_SERVER_MEMORY          = var.server_memory
    RINGMASTER_SERVER_CPUS            = tostring(var.server_cpus)
    RINGMASTER_SERVER_READ_ONLY       = tostring(var.server_read_only)
    RINGMASTER_SERVER_CAPABILITIES    = join(",", var.server_capabilities)
    RINGMASTER_SERVER_PIDS            = tostring(var.server_pids)
    RINGMASTER_SERVER_ENTRYPOINT      = jsonencode(var.server_entrypoint)
    RINGMASTER_SERVER_COMMAND         = jsonencode(var.server_command)
    RINGMASTER_SERVER_USER            = var.server_user
    RINGMASTER_SERVER_WORKING_DIR     = var.server_working_dir
    RINGMASTER_SERVER_VOLUMES         = jsonencode(var.server_volumes)
    RINGMASTER_SERVER_TMPFS           = var.server_tmpfs == null ? "" : jsonencode(var.server_tmpfs)
    RINGMASTER_SERVER_INIT            = tostring(var.server_init)
    RINGMASTER_SERVER_STOP_SIGNAL     = var.server_stop_signal
    RINGMASTER_SERVER_LABELS          = jsonencode(var.server_labels)
    RINGMASTER_SERVER_LOG_DRIVER      = var.server_log_driver
    RINGMASTER_SERVER_LOG_OPTIONS     = var.server_log_options == null ? "" : jsonencode(var.server_log_options)
    RINGMASTER_SERVER_MAX_CONNECTIONS = tostring(var.server_max_connections)
    RINGMASTER_SERVER_KEEP_ALIVE      = tostring(var.server_keep_alive)
    RINGMASTER_REGISTRY_CONFIG        = var.registry_config == null ? "" : "${local.registry_folder}/config.json"
    RINGMASTER_POLICY                 = jsonencode({ for field, value in var.policy : field => value if value != null })
    RINGMASTER_SPARES                 = tostring(var.spares)
    RINGMASTER_ROLL_SURGE             = tostring(var.roll.surge)
    RINGMASTER_ROLL_BATCH             = tostring(var.roll.batch)
    RINGMASTER_RING                   = jsonencode({ for field, value in var.ring : field => value if value != null })
    RINGMASTER_HASH_SEED              = nonsensitive(var.hash_seed == null ? "" : var.hash_seed)
    RINGMASTER_AUTOSCALE              = var.autoscale == null ? "{}" : jsonencode({ for field, value in var.autoscale : field => value if value != null })
    RINGMASTER_SLOW_START             = tostring(var.slow_start)
    RINGMASTER_PLUGINS                = var.plugins == null ? "" : join(",", var.plugins.modules)
    RINGMASTER_EXPLAIN                = tostring(var.explain)
    RINGMASTER_ACCESS_LOG             = var.access_log
    RINGMASTER_TRACEPARENT            = var.traceparent
    RINGMASTER_OTLP_ENDPOINT          = var.otlp_endpoint
    RINGMASTER_UNKNOWN_PATH           = var.unknown_path
    RINGMASTER_HEARTBEAT_INTERVAL     = tostring(var.heartbeat.interval)
    RINGMASTER_HEARTBEAT_TIMEOUT      = tostring(var.heartbeat.timeout)
    RINGMASTER_HEARTBEAT_STRIKES      = tostring(var.heartbeat.strikes)
    RINGMASTER_START_GRACE            = tostring(var.heartbeat.start_grace)
    RINGMASTER_HEARTBEAT_HOST         = var.heartbeat.host
    RINGMASTER_HEARTBEAT_STATUS       = var.heartbeat.status
    RINGMASTER_HANG_TIMEOUT           = tostring(var.hang_timeout)
    RINGMASTER_PULL_TIMEOUT           = tostring(var.pull_timeout)
    RINGMASTER_STREAM_TIMEOUT         = tostring(var.stream_timeout)
    RINGMASTER_QUEUE_TIMEOUT          = tostring(var.queue_timeout)
    RINGMASTER_CONTROL_PREFIX         = var.control_prefix
    RINGMASTER_PUBLIC_CONTROL         = tostring(var.public_control)
    RINGMASTER_MAX_CONNECTIONS        = tostring(var.max_connections)
    RINGMASTER_RATE_LIMIT             = var.rate_limit == null ? "{}" : jsonencode(var.rate_limit)
    RINGMASTER_TRUSTED_PROXIES        = join(",", var.trusted_proxies)
    RINGMASTER_DRAIN_TIMEOUT          = tostring(var.drain_timeout)
    RINGMASTER_STOP_TIMEOUT           = tostring(var.stop_timeout)
    RINGMASTER_RESPONSE_TIMEOUT       = tostring(var.response_timeout)
    RINGMASTER_BUFSIZE                = tostring(coalesce(var.bufsize, var.server_protocol == "h2c" ? 16384 : 8192))
    RINGMASTER_TLS                    = tostring(var.tls != null)
    RINGMASTER_TLS_PORT               = tostring(var.tls_port)
    RINGMASTER_TLS_REDIRECT           = tostring(var.tls_redirect)
    RINGMASTER_TLS_CLIENT_CA          = tostring(var.tls_client_ca != null)
    RINGMASTER_TLS_CONTROL            = tostring(local.has_tls_control)
  })

  # The same, for the containers. Where a value may be a secret, a plan shows none of them: the provider has them as one set.
  environment = merge(local.settings, {
    for name in ["SERVER_ENVIRONMENT", "SERVER_LABELS", "SERVER_LOG_OPTIONS", "HASH_SEED"] :
    "RINGMASTER_${name}" => sensitive(local.settings["RINGMASTER_${name}"])
    if !contains(["", "{}"], local.settings["RINGMASTER_${name}"])
  })

  # What the keeper is told of it: whose servers they are, and what they may be.
  keeper_settings = {
    for name, value in local.environment : name => value if contains([
      "RINGMASTER_DEPLOYMENT", "RINGMASTER_NAME_PREFIX", "RINGMASTER_NETWORK", "RINGMASTER_LOG_LEVEL", "RINGMASTER_POLICY",
      "RINGMASTER_MAX_SERVERS", "RINGMASTER_SPARES", "RINGMASTER_ROLL_SURGE", "RINGMASTER_REGISTRY_CONFIG",
      "RINGMASTER_SERVER_IMAGE", "RINGMASTER_SERVER_IMAGE_ID", "RINGMASTER_SERVER_PORT", "RINGMASTER_SERVER_VOLUMES",
      "RINGMASTER_SERVER_CAPABILITIES", "RINGMASTER_SERVER_LABELS", "RINGMASTER_SERVER_MEMORY", "RINGMASTER_SERVER_CPUS",
      "RINGMASTER_SERVER_PIDS", "RINGMASTER_SERVER_LOG_DRIVER", "RINGMASTER_SERVER_LOG_OPTIONS",
      "RINGMASTER_RUNTIME", "RINGMASTER_NODE_CONSTRAINTS",
    ], name)
  }
}
