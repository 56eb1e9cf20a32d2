# The module, on the engine that the provider speaks with: `make up` and `terraform apply` make one deployment with it.

module "ringmaster" {
  source = "./modules/ringmaster"

  deployment       = var.deployment
  name_prefix      = var.name_prefix
  docker_host      = var.docker_host
  docker_socket    = var.docker_socket
  docker_gid       = var.docker_gid
  base_image       = var.base_image
  packages         = var.packages
  images           = var.images
  labels           = var.labels
  security_options = var.security_options
  network          = var.network
  volume_names     = var.volume_names
  balancer_memory  = var.balancer_memory
  edge_memory      = var.edge_memory
  log_level        = var.log_level

  runtime = var.runtime
  swarm   = var.swarm

  data_plane      = var.data_plane
  publish_address = var.publish_address
  publish_port    = var.publish_port
  control_address = var.control_address
  control_port    = var.control_port
  tls             = var.tls
  tls_port        = var.tls_port
  tls_redirect    = var.tls_redirect
  tls_client_ca   = var.tls_client_ca
  control_prefix  = var.control_prefix
  public_control  = var.public_control
  max_connections = var.max_connections
  rate_limit      = var.rate_limit
  trusted_proxies = var.trusted_proxies
  control_hosts   = var.control_hosts
  token           = var.token
  tokens_file     = var.tokens_file

  replicas               = var.replicas
  server_names           = var.server_names
  max_servers            = var.max_servers
  autoscale              = var.autoscale
  spares                 = var.spares
  roll                   = var.roll
  server_image           = var.server_image
  server_port            = var.server_port
  server_protocol        = var.server_protocol
  heartbeat_path         = var.heartbeat_path
  server_environment     = var.server_environment
  server_memory          = var.server_memory
  server_cpus            = var.server_cpus
  server_read_only       = var.server_read_only
  server_capabilities    = var.server_capabilities
  server_pids            = var.server_pids
  server_entrypoint      = var.server_entrypoint
  server_command         = var.server_command
  server_user            = var.server_user
  server_working_dir     = var.server_working_dir
  server_volumes         = var.server_volumes
  server_tmpfs           = var.server_tmpfs
  server_init            = var.server_init
  server_stop_signal     = var.server_stop_signal
  server_labels          = var.server_labels
  server_log_driver      = var.server_log_driver
  server_log_options     = var.server_log_options
  policy                 = var.policy
  registry_config        = var.registry_config
  server_max_connections = var.server_max_connections
  server_keep_alive      = var.server_keep_alive

  ring       = var.ring
  hash_seed  = var.hash_seed
  slow_start = var.slow_start
  plugins    = var.plugins

  unknown_path  = var.unknown_path
  explain       = var.explain
  access_log    = var.access_log
  traceparent   = var.traceparent
  otlp_endpoint = var.otlp_endpoint

  heartbeat        = var.heartbeat
  hang_timeout     = var.hang_timeout
  pull_timeout     = var.pull_timeout
  drain_timeout    = var.drain_timeout
  stop_timeout     = var.stop_timeout
  response_timeout = var.response_timeout
  stream_timeout   = var.stream_timeout
  queue_timeout    = var.queue_timeout
  bufsize          = var.bufsize
}
