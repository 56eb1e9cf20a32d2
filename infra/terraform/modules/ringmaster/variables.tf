# Every setting of a deployment: its type, what it means, its default and its rules. Documented here and nowhere else. What a strategy
# takes, and how many servers a ring has room for, are rules in ring.tf.

# --- The deployment -------------------------------------------------------------------------------------------------

variable "deployment" {
  description = "Name of this deployment. Everything it owns carries it as the label ringmaster.deployment; no two deployments on one engine may share it."
  type        = string
  default     = "ringmaster"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$", var.deployment))
    error_message = "Write deployment with 1 to 63 letters, digits, '_', '.' or '-', a letter or digit first."
  }
}

variable "name_prefix" {
  description = "Stands before the name of every container, image, network and volume, so that several deployments fit on one engine. Hostnames in the API never carry it."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9]+-?)*$", var.name_prefix)) && length(var.name_prefix) <= 30
    error_message = "Write name_prefix with at most 30 lower-case letters, digits and single hyphens, no hyphen first (\"blue-\"), or \"\" for none: image names allow no more."
  }
}

variable "docker_host" {
  description = "Address of the Docker engine (unix://, tcp:// or ssh://). null: DOCKER_HOST from the environment, else the local socket. The provider lets DOCKER_CONTEXT, where it is set, go before all of these."
  type        = string
  default     = null

  validation {
    condition     = var.docker_host == null || can(regex("^(unix|tcp|ssh)://[^[:space:]]+$", var.docker_host))
    error_message = "Write docker_host as unix:///path, tcp://host:port or ssh://user@host, or leave it null."
  }
}

variable "docker_socket" {
  description = "Path of the engine's socket on the engine's host. The keeper mounts it, alone, to create and watch the servers."
  type        = string
  default     = "/var/run/docker.sock"
  nullable    = false

  validation {
    condition     = can(regex("^/[^[:space:]:]+$", var.docker_socket))
    error_message = "Write docker_socket as an absolute path without blanks and colons, such as /var/run/docker.sock."
  }
}

variable "docker_gid" {
  description = "Number of the group that may use docker_socket. null: the group docker in this machine's /etc/group."
  type        = number
  default     = null

  validation {
    condition     = var.docker_gid == null || try(var.docker_gid >= 0 && floor(var.docker_gid) == var.docker_gid, false)
    error_message = "Write docker_gid as a whole number, 0 or more: the output of `stat -c %g /var/run/docker.sock` on the engine's host."
  }

  validation {
    condition     = var.docker_gid != null || can(regex("(?m)^docker:[^:]*:[0-9]+:", file("/etc/group")))
    error_message = "This machine has no group docker: set docker_gid to the output of `stat -c %g /var/run/docker.sock` on the engine's host."
  }

  validation {
    condition     = var.docker_gid != null || !can(regex("^(tcp|ssh)://", var.docker_host))
    error_message = "With a remote docker_host this machine's groups say nothing: set docker_gid to the output of `stat -c %g /var/run/docker.sock` on that host."
  }
}

variable "base_image" {
  description = "Image that all images are built on: Debian 13, or one made from it."
  type        = string
  default     = "debian:trixie-slim"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][^[:space:]]*$", var.base_image))
    error_message = "Write base_image as an image reference, such as debian:trixie-slim."
  }
}

variable "packages" {
  description = "Any short text, such as today's date. Another one builds the images anew, with the packages that Debian has then: see make scan. It should stay as it is in between."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]{0,64}$", var.packages))
    error_message = "Write packages as at most 64 letters, digits and . _ -, such as 2026-11-29, or \"\"."
  }
}

variable "build_proxies" {
  description = "The proxies that image builds go through: http_proxy, https_proxy and no_proxy, in lower and upper case, as make up takes them from the environment. They get into no image, and others build nothing anew. Terraform's state keeps them: a password in one is in the state, too, until the images are built anew."
  type        = map(string)
  default     = {}
  nullable    = false
  sensitive   = true

  validation {
    condition     = alltrue([for name in keys(var.build_proxies) : contains(["http_proxy", "https_proxy", "no_proxy"], lower(name))])
    error_message = "Write build_proxies with the names http_proxy, https_proxy and no_proxy, in lower or upper case."
  }
}

variable "images" {
  description = <<-EOT
    Ringmaster's own images as somebody published them (make images), which are pulled instead of built; registry_config has the credentials.
    A field is a reference, best by digest: registry.example/ringmaster-balancer@sha256:…; what is left out is built from the sources.
    server: the sample application, which server_image takes the place of. balancer: of balancer and keeper. edge: the edge's. swarm_edge:
    the edge's with runtime = "swarm", where balancer is to be given with it.
  EOT
  type = object({
    server     = optional(string)
    balancer   = optional(string)
    edge       = optional(string)
    swarm_edge = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for image in values(var.images) : image == null || can(regex("^[a-z0-9][^[:space:]]*$", image))])
    error_message = "Write each of images as an image reference, such as registry.example/ringmaster-edge@sha256:0123… or registry.example/ringmaster-edge:1.0, or leave it out to have it built."
  }

  validation {
    condition     = var.runtime != "swarm" || (var.images.balancer == null) == (var.images.swarm_edge == null)
    error_message = "With runtime = \"swarm\" balancer and edges come from the same sources: give both images.balancer and images.swarm_edge, or none of them."
  }
}

variable "labels" {
  description = "Labels of edge, balancer, keeper, network and volumes, beside Ringmaster's own: for inventories and tools that look for containers by label. The servers' are server_labels. Others later make the network anew, and all containers and servers with it; volumes keep those that they were made with."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.labels) : can(regex("^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$", name))])
    error_message = "Write the names in labels with letters, digits and . _ / - in between, such as com.example.team."
  }

  validation {
    condition     = alltrue([for name in keys(var.labels) : !startswith(lower(name), "ringmaster.")])
    error_message = "Labels that begin with ringmaster. say what Ringmaster owns: take them out of labels."
  }
}

variable "security_options" {
  description = <<-EOT
    Role (edge, balancer or keeper) → security options of its container beside no-new-privileges: for hosts with profiles of their own.
    apparmor=PROFILE that is loaded on the engine's host, seccomp=/path of a profile on this machine, label=type:TYPE for SELinux (the
    keeper's must be one that may use docker_socket). Servers have the engine's own profiles. Docker Swarm knows none of these for services.
  EOT
  type        = map(list(string))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for role in keys(var.security_options) : contains(["edge", "balancer", "keeper"], role)])
    error_message = "Write the roles in security_options as edge, balancer or keeper."
  }

  validation {
    condition     = alltrue([for option in flatten(values(var.security_options)) : can(regex("^(apparmor=[A-Za-z0-9][A-Za-z0-9._-]*|label=(user|role|type|level):[A-Za-z0-9_.,:-]+|label=disable|seccomp=/[^[:cntrl:]]+)$", option)) && option != "apparmor=unconfined"])
    error_message = "Write each of security_options as apparmor=PROFILE, seccomp=/path/of/profile.json, label=type:TYPE (or user, role, level) or label=disable. no-new-privileges is always there, and nothing takes a default profile away."
  }

  validation {
    condition     = alltrue([for option in flatten(values(var.security_options)) : !startswith(option, "seccomp=") || can(jsondecode(file(trimprefix(option, "seccomp="))))])
    error_message = "A seccomp= of security_options names a file that is not there, or that is not JSON: write the path of a seccomp profile on this machine."
  }

  validation {
    condition     = var.runtime != "swarm" || length(var.security_options) == 0
    error_message = "The provider has no security options for services of Docker Swarm: take security_options out, or set runtime to engine."
  }
}

variable "network" {
  description = <<-EOT
    The network of edge, balancer and servers on one engine; another choice makes it anew, and all containers with it. subnet: its addresses,
    such as 10.90.0.0/20, where Docker's own choice is in use elsewhere; its first address is the gateway. null: Docker's choice. mtu: largest packet
    in bytes, where the host's own network has less than 1500, as in many clouds and VPNs; null: Docker's choice. driver: bridge, or
    that of a network plug-in which publishes ports. options: the driver's, such as {"com.docker.network.bridge.name" = "shop0"} for firewall rules.
    With runtime = "swarm" see swarm.subnet and swarm.mtu.
  EOT
  type = object({
    driver  = optional(string, "bridge")
    options = optional(map(string), {})
    subnet  = optional(string)
    mtu     = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.runtime != "swarm" || var.network.driver == "bridge" && length(var.network.options) == 0 && var.network.subnet == null && var.network.mtu == null
    error_message = "On Docker Swarm the networks are overlays: take network out, and see swarm.subnet and swarm.mtu."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._/:-]*$", var.network.driver)) && !contains(["host", "none", "null", "overlay", "macvlan", "ipvlan"], var.network.driver)
    error_message = "Write network.driver as bridge or the name of a plug-in: the edge publishes ports, which host, none, macvlan and ipvlan cannot, and overlay is Docker Swarm's (runtime = \"swarm\")."
  }

  validation {
    condition     = !contains(keys(var.network.options), "com.docker.network.driver.mtu")
    error_message = "Write the MTU as network.mtu, not among network.options."
  }

  validation {
    condition     = var.network.subnet == null || try(cidrhost(var.network.subnet, 0) == split("/", var.network.subnet)[0] && !strcontains(var.network.subnet, ":") && tonumber(split("/", var.network.subnet)[1]) <= 28, false)
    error_message = "Write network.subnet as an IPv4 network by its first address, /28 or larger, such as 10.90.0.0/20."
  }

  validation {
    condition     = var.network.mtu == null || try(var.network.mtu >= 1280 && var.network.mtu <= 9000 && floor(var.network.mtu) == var.network.mtu, false)
    error_message = "Write network.mtu as whole bytes from 1280 to 9000."
  }
}

variable "volume_names" {
  description = <<-EOT
    Names of the volumes: for backups and quotas that go by name. state: the balancer's fleet and ring. edge: the edge's configuration and sockets.
    keeper: its socket. null: ringmaster-state and so on behind name_prefix. Another name later is another volume, and empty: of state it means a new fleet.
  EOT
  type = object({
    state  = optional(string)
    edge   = optional(string)
    keeper = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in values(var.volume_names) : name == null || can(regex("^[A-Za-z0-9][A-Za-z0-9_.-]{1,254}$", name))])
    error_message = "Write each of volume_names with 2 to 255 letters, digits, '_', '.' or '-', a letter or digit first."
  }

  validation {
    condition     = length(distinct([for role, name in var.volume_names : name != null ? name : "${var.name_prefix}ringmaster-${role}"])) == 3
    error_message = "Give each of volume_names another name, also than those that are left out have by default."
  }
}

variable "balancer_memory" {
  description = "Memory limit of the balancer's container, as Docker writes it (512m, 1g), swap included. Raise it where max_servers is in the hundreds."
  type        = string
  default     = "512m"
  nullable    = false

  validation {
    condition     = can(regex("^[1-9][0-9]*[bkmg]$", var.balancer_memory))
    error_message = "Write balancer_memory as a whole number with b, k, m or g, such as 512m."
  }
}

variable "edge_memory" {
  description = "Memory limit of the edge's container, as Docker writes it (512m, 1g), swap included. Raise it for a larger max_connections or bufsize."
  type        = string
  default     = "1g"
  nullable    = false

  validation {
    condition     = can(regex("^[1-9][0-9]*[bkmg]$", var.edge_memory))
    error_message = "Write edge_memory as a whole number with b, k, m or g, such as 1g."
  }
}

variable "log_level" {
  description = "How much the balancer logs: debug, info, warning or error."
  type        = string
  default     = "info"
  nullable    = false

  validation {
    condition     = contains(["debug", "info", "warning", "error"], var.log_level)
    error_message = "Write log_level as debug, info, warning or error."
  }
}

# --- Several hosts --------------------------------------------------------------------------------------------------

variable "runtime" {
  description = <<-EOT
    Where the servers run: engine (on one Docker engine) or swarm (on the nodes of a Docker Swarm, one of whose managers docker_host names,
    with an edge on every node: docs/several-hosts.md). To change it, destroy the deployment first. With swarm docker_socket and docker_gid are
    those of every manager, and the paths in tls, tls_client_ca, tokens_file, registry_config and plugins are those of files on this machine,
    which become secrets of the Swarm (plug-ins: configs): their contents are in Terraform's state, and an edit takes effect with the
    next apply. A volume that server_volumes names is made on each node and not shared; a path must be there on each.
  EOT
  type        = string
  default     = "engine"
  nullable    = false

  validation {
    condition     = contains(["engine", "swarm"], var.runtime)
    error_message = "Write runtime as engine or swarm."
  }

  validation {
    condition     = var.runtime == "engine" || var.data_plane == "haproxy"
    error_message = "With runtime = \"swarm\" requests come in at an edge on every node: write data_plane as haproxy."
  }

  validation {
    condition     = var.runtime == "engine" || var.token != null || var.tokens_file != null
    error_message = "Docker Swarm publishes ports on every address of every node, and whoever reaches them could change the fleet: set token or tokens_file as well."
  }

  validation {
    condition     = var.runtime == "engine" || var.tls != null || coalesce(var.swarm.firewalled, false)
    error_message = "Docker Swarm publishes ports on every address of every node, and a token must not cross a network in clear text: set tls, or say swarm.firewalled = true where a firewall keeps strangers from the nodes' ports."
  }

  validation {
    condition     = var.runtime == "engine" || (var.publish_address == "127.0.0.1" && var.control_address == "127.0.0.1")
    error_message = "Docker Swarm publishes a port on every address of a node and on no chosen one: leave publish_address and control_address out, and let a firewall decide who reaches the ports."
  }

  validation {
    condition     = var.runtime == "engine" || var.swarm.certificates != null
    error_message = "Edges and balancer know each other by certificates, which Terraform does not make: write their paths in swarm.certificates (`make up` makes them)."
  }

  validation {
    condition     = var.runtime == "swarm" || alltrue([for value in values(var.swarm) : value == null])
    error_message = "swarm is about Docker Swarm, and runtime is engine: write runtime as swarm, too, or leave swarm out."
  }
}

variable "swarm" {
  description = <<-EOT
    What only runtime = "swarm" asks. node_constraints: which nodes run servers, in Swarm's words, such as ["node.labels.zone==a"]; null: all.
    edge_constraints: which nodes have an edge; null: all. encrypted: whether the networks are encrypted between nodes (IPsec; costs
    throughput); null: no. edge_lease: seconds that an edge may be silent until changes no longer wait for it; null: 3. mtu: largest packet of the
    networks in bytes, where the nodes' own network has less than 1500; null: the engine's choice. subnet: addresses of the
    servers' network, such as 10.90.0.0/20; null: the Swarm's choice, usually a /24 for about 250 servers, edges and nodes. address: how this machine
    reaches an edge, for the outputs; null: 127.0.0.1. firewalled: whether strangers cannot reach the nodes' ports; null: no.
    certificates: paths on this machine of PEM files: the authority (ca; several while it changes), and certificate and key of the balancer (for
    the name ringmaster-balancer) and of the edges (ringmaster-edge). The keys are in Terraform's state.
  EOT
  type = object({
    node_constraints = optional(list(string))
    edge_constraints = optional(list(string))
    encrypted        = optional(bool)
    edge_lease       = optional(number)
    mtu              = optional(number)
    subnet           = optional(string)
    address          = optional(string)
    firewalled       = optional(bool)
    certificates = optional(object({
      ca                   = string
      balancer_certificate = string
      balancer_key         = string
      edge_certificate     = string
      edge_key             = string
    }))
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for constraint in concat(coalesce(var.swarm.node_constraints, []), coalesce(var.swarm.edge_constraints, [])) :
      can(regex("^(node[.](id|hostname|role|ip|platform[.](os|arch)|labels[.][A-Za-z0-9_.-]+)|engine[.]labels[.][A-Za-z0-9_.-]+) ?[=!]= ?[A-Za-z0-9_./:-]+$", constraint))
    ])
    error_message = "Write each of swarm.node_constraints and swarm.edge_constraints as Swarm does, such as node.labels.zone==a, node.role!=manager or node.hostname==n1."
  }

  validation {
    condition     = var.swarm.edge_lease == null || try(var.swarm.edge_lease >= 1 && var.swarm.edge_lease <= 60, false)
    error_message = "Write swarm.edge_lease as seconds from 1 to 60."
  }

  validation {
    condition     = var.swarm.mtu == null || try(var.swarm.mtu >= 1280 && var.swarm.mtu <= 9000 && floor(var.swarm.mtu) == var.swarm.mtu, false)
    error_message = "Write swarm.mtu as whole bytes from 1280 to 9000."
  }

  validation {
    condition     = var.swarm.subnet == null || try(cidrhost(var.swarm.subnet, 0) == split("/", var.swarm.subnet)[0] && !strcontains(var.swarm.subnet, ":"), false)
    error_message = "Write swarm.subnet as an IPv4 network by its first address, such as 10.90.0.0/20."
  }

  validation {
    condition     = var.swarm.address == null || can(regex("^[A-Za-z0-9][A-Za-z0-9._-]*$|^[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*$", var.swarm.address))
    error_message = "Write swarm.address as a name or an IP address without scheme and port, such as 10.0.0.11."
  }
}

# --- Where it listens -----------------------------------------------------------------------------------------------

variable "data_plane" {
  description = "What forwards the requests: haproxy (an edge container) or flask (the balancer itself; for small set-ups)."
  type        = string
  default     = "haproxy"
  nullable    = false

  validation {
    condition     = contains(["haproxy", "flask"], var.data_plane)
    error_message = "Write data_plane as haproxy or flask."
  }
}

variable "publish_address" {
  description = "IP address of the engine's host on which the public port is published. Anything beyond loopback needs a token."
  type        = string
  default     = "127.0.0.1"
  nullable    = false

  validation {
    condition     = can(cidrhost("${var.publish_address}/32", 0)) || can(cidrhost("${var.publish_address}/128", 0))
    error_message = "Write publish_address as an IP address, such as 127.0.0.1 or 0.0.0.0 (no name: Docker takes none here)."
  }

  validation {
    condition     = can(regex("^(127\\.|::1$)", var.publish_address)) || var.token != null || var.tokens_file != null
    error_message = "publish_address is reachable from other machines, and whoever reaches it could change the fleet: set token or tokens_file as well, or publish on 127.0.0.1."
  }
}

variable "publish_port" {
  description = "Public port: /rep, /add, /rm, and every path of the servers."
  type        = number
  default     = 5000
  nullable    = false

  validation {
    condition     = var.publish_port >= 1 && var.publish_port <= 65535 && floor(var.publish_port) == var.publish_port
    error_message = "Write publish_port as a whole number from 1 to 65535."
  }
}

variable "control_address" {
  description = "IP address of the engine's host on which the control port is published. Anything beyond loopback needs a token."
  type        = string
  default     = "127.0.0.1"
  nullable    = false

  validation {
    condition     = can(cidrhost("${var.control_address}/32", 0)) || can(cidrhost("${var.control_address}/128", 0))
    error_message = "Write control_address as an IP address, such as 127.0.0.1 or 0.0.0.0 (no name: Docker takes none here)."
  }

  validation {
    condition     = can(regex("^(127\\.|::1$)", var.control_address)) || var.token != null || var.tokens_file != null
    error_message = "control_address is reachable from other machines: set token or tokens_file as well, or publish on 127.0.0.1."
  }
}

variable "control_port" {
  description = "Control port: the balancer's /healthz, /readyz and /ring."
  type        = number
  default     = 5001
  nullable    = false

  validation {
    condition     = var.control_port >= 1 && var.control_port <= 65535 && floor(var.control_port) == var.control_port
    error_message = "Write control_port as a whole number from 1 to 65535."
  }

  validation {
    condition     = var.control_port != var.publish_port
    error_message = "publish_port and control_port are the same: choose another control_port."
  }
}

variable "tls" {
  description = <<-EOT
    Folder on the engine's host with certificates: each file NAME.pem with certificates and their key, or NAME.crt beside NAME.key, or
    certbot's fullchain.pem and privkey.pem; readable for uid 10001. The edge then speaks HTTPS on tls_port, takes renewed files up by itself, and
    the control port speaks TLS where control_address is beyond loopback. null: no TLS. "self-signed" is for `make up TLS=self-signed` only.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.tls != "self-signed"
    error_message = "Terraform makes no certificates: run `make up TLS=self-signed`, which makes one, or write tls as the folder of yours."
  }

  validation {
    condition     = var.tls == null || var.tls == "self-signed" || can(regex("^/[^[:space:],:]*$", var.tls))
    error_message = "Write tls as the absolute path of a folder, without blanks, commas and colons, such as /etc/ringmaster/tls, or leave it null."
  }

  validation {
    condition     = var.tls == null || var.data_plane == "haproxy"
    error_message = "Only the edge speaks TLS: leave tls null, or write data_plane as haproxy."
  }
}

variable "tls_port" {
  description = "Port of the engine's host for HTTPS, on publish_address."
  type        = number
  default     = 5443
  nullable    = false

  validation {
    condition     = var.tls_port >= 1 && var.tls_port <= 65535 && floor(var.tls_port) == var.tls_port
    error_message = "Write tls_port as a whole number from 1 to 65535."
  }

  validation {
    condition     = var.tls == null || !contains([var.publish_port, var.control_port], var.tls_port)
    error_message = "tls_port is publish_port or control_port, too: choose another one."
  }
}

variable "tls_redirect" {
  description = "Whether plain HTTP on the public port is answered with a redirect (308) to HTTPS, /rep, /add and /rm included. false: it is served."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.tls_redirect || var.tls != null
    error_message = "tls_redirect sends clients to HTTPS, which is not there without certificates: write tls, too."
  }
}

variable "tls_client_ca" {
  description = "File on the engine's host with the certificates of authorities (PEM): on tls_port clients then need a certificate of one of them. After an edit restart the edge. null: they need none."
  type        = string
  default     = null

  validation {
    condition     = var.tls_client_ca == null || can(regex("^/[^[:space:],:]*$", var.tls_client_ca))
    error_message = "Write tls_client_ca as the absolute path of a file, without blanks, commas and colons, or leave it null."
  }

  validation {
    condition     = var.tls_client_ca == null || var.tls != null
    error_message = "tls_client_ca is about clients of HTTPS, which is not there without certificates: write tls, too."
  }
}

variable "control_prefix" {
  description = "Path before /rep, /add and /rm on the public port, such as /ringmaster, for applications that have these paths themselves. \"\": none."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$", var.control_prefix))
    error_message = "Write control_prefix as a path with '/' first and not last, of letters, digits and . _ ~ -, such as /ringmaster, or \"\" for none."
  }
}

variable "public_control" {
  description = "Whether /rep, /add and /rm are on the public port. false: on the control port alone."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition     = var.public_control || var.control_prefix == ""
    error_message = "control_prefix is for the public port, from which public_control = false takes /rep, /add and /rm away: leave one of them out."
  }
}

variable "max_connections" {
  description = "Connections of clients that the edge's public port holds at once, idle ones included; more wait in the kernel's queue until one ends. 0: four fifths of what the container's open files allow, at most 40000, with TLS 10000."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.max_connections >= 0 && var.max_connections <= 1000000 && floor(var.max_connections) == var.max_connections
    error_message = "Write max_connections as a whole number from 0 (what the container allows) to 1000000."
  }
}

variable "rate_limit" {
  description = <<-EOT
    The most requests of a client on the public port in some seconds; more are answered 429 with Retry-After. null: any number.
    by: address (an IPv4 address, or the first 64 bits of an IPv6 one, as trusted_proxies tell it) or key (the ring's key; a request
    without one counts for its address). docs/http.md, "Protection", explains it.
  EOT
  type = object({
    requests = number
    seconds  = number
    by       = optional(string, "address")
  })
  default = null

  validation {
    condition     = var.rate_limit == null ? true : var.rate_limit.requests >= 1 && var.rate_limit.requests <= 1000000 && floor(var.rate_limit.requests) == var.rate_limit.requests
    error_message = "Write rate_limit.requests as a whole number from 1 to 1000000."
  }

  validation {
    condition     = var.rate_limit == null ? true : var.rate_limit.seconds >= 1 && var.rate_limit.seconds <= 3600 && floor(var.rate_limit.seconds) == var.rate_limit.seconds
    error_message = "Write rate_limit.seconds as a whole number from 1 to 3600."
  }

  validation {
    condition     = var.rate_limit == null ? true : contains(["address", "key"], var.rate_limit.by)
    error_message = "Write rate_limit.by as address or key."
  }

  validation {
    condition     = var.rate_limit == null || var.data_plane == "haproxy"
    error_message = "Only the edge counts requests: leave rate_limit out, or take the data_plane haproxy."
  }
}

variable "trusted_proxies" {
  description = "Networks whose proxies are believed what X-Forwarded-* and Forwarded say of a client, such as 10.0.0.0/8. []: none is."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for network in var.trusted_proxies : can(cidrhost(network, 0))])
    error_message = "Write each of trusted_proxies as a network with its prefix length, such as 10.0.0.0/8 or 192.0.2.7/32."
  }

  validation {
    condition = alltrue([
      for network in var.trusted_proxies :
      try(cidrhost(network, 0) == cidrhost("${split("/", network)[0]}/${strcontains(network, ":") ? 128 : 32}", 0), true)
    ])
    error_message = "One of trusted_proxies is an address inside of its network: write the network's first address (10.0.0.0/8), or the address alone (10.0.0.1/32)."
  }
}

variable "control_hosts" {
  description = "Names by which clients may ask for /rep, /add, /rm and the control port, beside localhost and IP addresses, such as [\"ring.example\"]: any other name may be a web page's that aims at this deployment (DNS rebinding)."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.control_hosts : can(regex("^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$", name)) && !strcontains(name, "..")])
    error_message = "Write each of control_hosts as a host's name without scheme and port, such as ring.example (an international one as xn--…)."
  }
}

variable "token" {
  description = "The operator's bearer token for /add, /rm and the control port. Only its SHA-256 reaches the state and the containers. null: none, and without tokens_file none is asked for."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = var.token == null || can(regex("^[A-Za-z0-9._~+/-]{20,}=*$", var.token))
    error_message = "Write token with at least 20 characters, letters, digits and . _ ~ + / - (then '=' if it must be), for instance the output of `openssl rand -hex 32`."
  }
}

variable "tokens_file" {
  description = <<-EOT
    Path of a JSON file on the engine's host with named tokens beside the operator's: {"alice": {"sha256": "…", "role": "change"}}, the
    role read or change, of each token only its SHA-256 (docs/operations.md). null: none. Its folder is mounted read-only into the
    balancer, which reads the file again when it changes: let nothing else lie there. Uid 10001 must be able to read it, so let
    everybody (chmod 0644 and 0755): whoever knows such a hash cannot use it. `make up` does this with a copy of its own.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.tokens_file == null || can(regex("^/([^[:cntrl:][:space:],:/]+/)+[^[:cntrl:][:space:],:/]+$", var.tokens_file))
    error_message = "Write tokens_file as an absolute path without blanks, commas and colons, in a folder of its own, such as /etc/ringmaster/tokens/tokens.json."
  }
}

# --- The fleet ------------------------------------------------------------------------------------------------------

variable "replicas" {
  description = "N: how many servers the first fleet has. Later /add and /rm move N; this variable then has no say."
  type        = number
  default     = 3
  nullable    = false

  validation {
    condition     = var.replicas >= 1 && floor(var.replicas) == var.replicas
    error_message = "Write replicas as a whole number, 1 or more."
  }

  validation {
    condition     = var.replicas <= var.max_servers
    error_message = "replicas is larger than max_servers: lower it, or raise max_servers."
  }
}

variable "server_names" {
  description = "Hostnames of the first fleet, in the order of joining. null: S1, S2, … up to replicas."
  type        = list(string)
  default     = null

  validation {
    condition     = alltrue([for name in coalesce(var.server_names, []) : can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{1,62}$", name))])
    error_message = "Write each of server_names with 2 to 63 letters, digits, '_' or '-', a letter or digit first."
  }

  validation {
    condition     = length(distinct([for name in coalesce(var.server_names, []) : lower(name)])) == length(coalesce(var.server_names, []))
    error_message = "server_names holds a name twice; names that differ only in case count as the same. Give every server its own."
  }

  validation {
    condition     = var.server_names == null || length(coalesce(var.server_names, [])) == var.replicas
    error_message = "Give as many server_names as replicas, or leave server_names null."
  }
}

variable "max_servers" {
  description = "Cap of N: /add refuses to go beyond it."
  type        = number
  default     = 64
  nullable    = false

  validation {
    condition     = var.max_servers >= 1 && var.max_servers <= 1000 && floor(var.max_servers) == var.max_servers
    error_message = "Write max_servers as a whole number from 1 to 1000: a Docker bridge network has room for about that many containers."
  }
}

variable "autoscale" {
  description = <<-EOT
    N follows the load between min and max; null: it moves only with /add and /rm. The target of each server is in_flight (requests)
    or latency (seconds a response, the mean of all), one of them. The load counts as grown after up_after seconds, as shrunk after
    down_after. docs/fleet.md, "Autoscaling", explains it.
  EOT
  type = object({
    min        = number
    max        = number
    in_flight  = optional(number)
    latency    = optional(number)
    up_after   = optional(number, 3)
    down_after = optional(number, 60)
  })
  default = null

  validation {
    condition     = var.autoscale == null ? true : var.autoscale.min >= 1 && floor(var.autoscale.min) == var.autoscale.min
    error_message = "Write autoscale.min as a whole number, 1 or more."
  }

  validation {
    condition     = var.autoscale == null ? true : var.autoscale.max >= var.autoscale.min && floor(var.autoscale.max) == var.autoscale.max
    error_message = "Write autoscale.max as a whole number, autoscale.min or more."
  }

  validation {
    condition     = var.autoscale == null ? true : var.autoscale.max <= var.max_servers
    error_message = "autoscale.max is larger than max_servers: lower it, or raise max_servers."
  }

  validation {
    condition     = var.autoscale == null ? true : (var.autoscale.in_flight == null) != (var.autoscale.latency == null)
    error_message = "Write either autoscale.in_flight or autoscale.latency."
  }

  validation {
    condition     = var.autoscale == null ? true : coalesce(var.autoscale.in_flight, 8) >= 0.1 && coalesce(var.autoscale.in_flight, 8) <= 100000
    error_message = "Write autoscale.in_flight as requests at each server, a number from 0.1 to 100000."
  }

  validation {
    condition     = var.autoscale == null ? true : coalesce(var.autoscale.latency, 1) >= 0.001 && coalesce(var.autoscale.latency, 1) <= 3600
    error_message = "Write autoscale.latency as seconds from 0.001 to 3600."
  }

  validation {
    condition     = var.autoscale == null ? true : var.autoscale.up_after >= 0.5 && var.autoscale.up_after <= var.autoscale.down_after && var.autoscale.down_after <= 3600
    error_message = "Write autoscale.up_after and autoscale.down_after as seconds from 0.5 to 3600, down_after as the longer one."
  }
}

variable "spares" {
  description = "Servers kept ready off the ring, beyond N: each takes the place of one that fails, and is made up for behind."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.spares >= 0 && var.spares <= 100 && floor(var.spares) == var.spares
    error_message = "Write spares as a whole number from 0 to 100."
  }
}

variable "roll" {
  description = <<-EOT
    How another image, or any other setting that a server is made of or judged by, reaches the servers that run: surge new containers
    are started at once, beyond N; when they answer, batch of them take over at once. Then the old ones finish what they have.
  EOT
  type        = object({ surge = optional(number, 1), batch = optional(number, 1) })
  default     = {}
  nullable    = false

  validation {
    condition     = var.roll.surge >= 1 && var.roll.surge <= 100 && floor(var.roll.surge) == var.roll.surge
    error_message = "Write roll.surge as a whole number from 1 to 100."
  }

  validation {
    condition     = var.roll.batch >= 1 && floor(var.roll.batch) == var.roll.batch
    error_message = "Write roll.batch as a whole number, 1 or more."
  }

  validation {
    condition     = var.roll.batch <= var.roll.surge
    error_message = "roll.batch is larger than roll.surge, and only what has been started can take over: lower it, or raise roll.surge."
  }
}

variable "server_image" {
  description = "Image of the servers: a reference that the engine has or can pull. null: the sample in apps/server is built."
  type        = string
  default     = null

  validation {
    condition     = var.server_image == null || can(regex("^[a-z0-9][^[:space:]]*$", var.server_image))
    error_message = "Write server_image as an image reference, such as registry.example/shop:1.4, or leave it null for the sample."
  }
}

variable "server_port" {
  description = "Port on which a server listens inside its container."
  type        = number
  default     = 5000
  nullable    = false

  validation {
    condition     = var.server_port >= 1 && var.server_port <= 65535 && floor(var.server_port) == var.server_port
    error_message = "Write server_port as a whole number from 1 to 65535."
  }
}

variable "server_protocol" {
  description = "What a server speaks: http (HTTP/1.1) or h2c (HTTP/2 without TLS, as gRPC servers do; data plane haproxy only)."
  type        = string
  default     = "http"
  nullable    = false

  validation {
    condition     = contains(["http", "h2c"], var.server_protocol)
    error_message = "Write server_protocol as http or h2c."
  }

  validation {
    condition     = var.server_protocol == "http" || var.data_plane == "haproxy"
    error_message = "The data plane flask speaks HTTP/1.1 only with servers: set server_protocol to http, or data_plane to haproxy."
  }

  validation {
    condition     = var.server_protocol == "http" || var.bufsize == null || var.tls != null || try(var.bufsize >= 16384, false)
    error_message = "HTTP/2 needs buffers of 16384 bytes: leave bufsize out, or set it to 16384 or more."
  }
}

variable "heartbeat_path" {
  description = "Path that a living server answers, with 200 or what heartbeat.status says."
  type        = string
  default     = "/heartbeat"
  nullable    = false

  validation {
    condition     = can(regex("^/[A-Za-z0-9._~%/?&=+,:@-]*$", var.heartbeat_path))
    error_message = "Write heartbeat_path as a path that starts with '/', without blanks and quotes, such as /heartbeat."
  }
}

variable "server_environment" {
  description = "Environment variables of every server."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.server_environment) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])
    error_message = "Write the names in server_environment with letters, digits and '_', no digit first."
  }

  validation {
    condition     = !contains(keys(var.server_environment), "SERVER_ID")
    error_message = "SERVER_ID is each server's own hostname and is set by the balancer: take it out of server_environment."
  }
}

variable "server_memory" {
  description = "Memory limit of every server, as Docker writes it (256m, 1g), swap included, what lies in server_tmpfs too. \"\": none."
  type        = string
  default     = "512m"
  nullable    = false

  validation {
    condition     = can(regex("^([1-9][0-9]*[bkmg])?$", var.server_memory))
    error_message = "Write server_memory as a whole number with b, k, m or g, such as 256m, or \"\" for no limit."
  }
}

variable "server_cpus" {
  description = "CPUs that every server may use (0.5 is half of one). 0: no limit."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.server_cpus >= 0 && var.server_cpus <= 512
    error_message = "Write server_cpus as a number from 0 (no limit) to 512."
  }
}

variable "server_read_only" {
  description = "Whether a server's root file system is read-only (server_tmpfs says what may be written). false: for images that write elsewhere."
  type        = bool
  default     = true
  nullable    = false
}

variable "server_capabilities" {
  description = "Linux capabilities that the servers keep, such as NET_BIND_SERVICE. All others are dropped."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.server_capabilities : can(regex("^[A-Z][A-Z0-9_]*$", name)) && !startswith(name, "CAP_")])
    error_message = "Write server_capabilities as Linux writes them, without CAP_, such as NET_BIND_SERVICE."
  }
}

variable "server_pids" {
  description = "Processes and threads that every server may have at once. 0: no limit."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = var.server_pids >= 0 && var.server_pids <= 4194304 && floor(var.server_pids) == var.server_pids
    error_message = "Write server_pids as a whole number from 0 (no limit) to 4194304."
  }
}

variable "server_entrypoint" {
  description = "What every server runs, in place of its image's entrypoint, a word each. []: the image's."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.server_entrypoint) == 0 || try(length(var.server_entrypoint[0]) > 0, false)
    error_message = "Write server_entrypoint as the program and then its arguments, such as [\"python3\", \"-m\", \"shop\"], or [] for the image's own."
  }
}

variable "server_command" {
  description = "The arguments of what every server runs (or that itself, where the image has no entrypoint), a word each. []: the image's."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for word in var.server_command : word != null])
    error_message = "Write server_command as a list of words, such as [\"serve\", \"--port\", \"8080\"], or [] for the image's own."
  }
}

variable "server_user" {
  description = "User that every server runs as, by name or number, with its group where that is another (10001:10001). \"\": the image's."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([A-Za-z0-9_.-]+(:[A-Za-z0-9_.-]+)?)?$", var.server_user))
    error_message = "Write server_user as a user or user:group, by name or number, such as 1000:1000, or \"\" for the image's own."
  }
}

variable "server_working_dir" {
  description = "Folder that every server starts in. \"\": the image's."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(/[^[:cntrl:]]*)?$", var.server_working_dir))
    error_message = "Write server_working_dir as an absolute path in the container, such as /srv/app, or \"\" for the image's own."
  }
}

variable "server_volumes" {
  description = "What every server has mounted, \"volume-or-/path:/target\", with \":ro\" behind it where it may only be read. A volume that is not there is made by the engine, and is not removed with the deployment."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for volume in var.server_volumes : can(regex("^([A-Za-z0-9][A-Za-z0-9_.-]+|/[^:[:cntrl:]]*):/[^:[:cntrl:]]+(:ro)?$", volume))])
    error_message = "Write each of server_volumes as volume:/target or /path:/target, with :ro behind it where servers may only read, such as shop-data:/data:ro."
  }

  validation {
    condition     = alltrue([for volume in var.server_volumes : !can(regex("(^|[/:])[.][.]([/:]|$)", volume))])
    error_message = "A path in server_volumes goes up by \"..\": write where it leads to."
  }

  validation {
    condition     = length(distinct([for volume in var.server_volumes : try(split(":", volume)[1], volume)])) == length(var.server_volumes)
    error_message = "server_volumes has two of the same target: give each its own."
  }
}

variable "server_tmpfs" {
  description = "Folders of every server that lie in memory: path → options of the mount, such as {\"/tmp\" = \"size=64m,mode=1777\"}. null: 64 MB of /tmp where the root file system is read-only. Without exec nothing in one can be run."
  type        = map(string)
  default     = null

  validation {
    condition     = alltrue([for path in keys(coalesce(var.server_tmpfs, {})) : can(regex("^/[^:,[:space:]]+$", path))])
    error_message = "Write the paths in server_tmpfs as absolute ones without blanks, commas and colons, such as /tmp."
  }

  validation {
    condition = alltrue([
      for option in flatten([for options in values(coalesce(var.server_tmpfs, {})) : options == "" ? [] : split(",", options)]) :
      can(regex("^(size=[1-9][0-9]*[kmg%]?|mode=[0-7]{3,4}|uid=[0-9]+|gid=[0-9]+|nr_inodes=[0-9]+[kmg]?|exec|noexec)$", option))
    ])
    error_message = "Write the options in server_tmpfs as size=, mode=, uid=, gid=, nr_inodes=, exec and noexec with commas between them, such as size=64m,mode=1777, or \"\" for none."
  }

  validation {
    condition     = alltrue([for path in keys(coalesce(var.server_tmpfs, {})) : !contains(split("/", path), "..")])
    error_message = "A path in server_tmpfs goes up by \"..\": write where it leads to."
  }

  validation {
    condition     = length(setintersection(keys(coalesce(var.server_tmpfs, {})), [for volume in var.server_volumes : try(split(":", volume)[1], volume)])) == 0
    error_message = "A path in server_tmpfs is the target of one of server_volumes: take it out of one of them."
  }
}

variable "server_init" {
  description = "Whether a tiny init is every server's first process, which hands signals on and reaps what is left of children. false: for images that bring their own."
  type        = bool
  default     = true
  nullable    = false
}

variable "server_stop_signal" {
  description = "Signal that asks a server to end, such as SIGQUIT. \"\": the image's, usually SIGTERM."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(SIG[A-Z][A-Z0-9]*([+-][0-9]{1,2})?)?$", var.server_stop_signal))
    error_message = "Write server_stop_signal by its name, such as SIGTERM, SIGQUIT or SIGINT, or \"\" for the image's own."
  }
}

variable "server_labels" {
  description = "Labels of every server's container, beside Ringmaster's own."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.server_labels) : can(regex("^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$", name))])
    error_message = "Write the names in server_labels with letters, digits and . _ / - in between, such as com.example.team."
  }

  validation {
    condition     = alltrue([for name in keys(var.server_labels) : !startswith(lower(name), "ringmaster.")])
    error_message = "Labels that begin with ringmaster. say what Ringmaster owns: take them out of server_labels."
  }
}

variable "server_log_driver" {
  description = "Docker's log driver of every server. A server's end is told with its last lines only where the engine can read the driver's logs back (json-file, local, journald)."
  type        = string
  default     = "json-file"
  nullable    = false

  validation {
    condition     = contains(["json-file", "local", "journald", "syslog", "gelf", "fluentd", "awslogs", "gcplogs", "splunk", "none"], var.server_log_driver)
    error_message = "Write server_log_driver as json-file, local, journald, syslog, gelf, fluentd, awslogs, gcplogs, splunk or none."
  }
}

variable "server_log_options" {
  description = "Options of server_log_driver, such as {\"max-size\" = \"50m\"}. null: three files of 10 MB for json-file, none for others."
  type        = map(string)
  default     = null

  validation {
    condition     = alltrue([for name in keys(coalesce(var.server_log_options, {})) : can(regex("^[a-z0-9][a-z0-9._-]*$", name))])
    error_message = "Write the names in server_log_options as the driver has them, such as max-size."
  }
}

variable "policy" {
  description = <<-EOT
    What a release, by POST /deploy, may ask for beyond what these variables say of servers; docs/operations.md has the whole of it.
    images: names such as registry.example/team/* or shop:1.*, or * for every image. volumes, labels: names such as shop-*. capabilities:
    Linux capabilities beyond harmless ones. memory, cpus, pids: the most that a server may have; "" and 0: no limit.
  EOT
  type = object({
    images       = optional(list(string), [])
    volumes      = optional(list(string), [])
    labels       = optional(list(string), [])
    capabilities = optional(list(string), [])
    memory       = optional(string, "4g")
    cpus         = optional(number, 0)
    pids         = optional(number, 4096)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for image in var.policy.images : can(regex("^[A-Za-z0-9*][A-Za-z0-9*._:/-]*$", image))])
    error_message = "Write each of policy.images as an image without a digest, such as registry.example/team/* or shop:1.*, or as * for every image."
  }

  validation {
    condition     = alltrue([for name in concat(var.policy.volumes, var.policy.labels) : can(regex("^[A-Za-z0-9*][A-Za-z0-9*._/-]*$", name))])
    error_message = "Write each of policy.volumes and policy.labels as a name in which * may stand, such as shop-*. A folder of the host is given by server_volumes only."
  }

  validation {
    condition     = alltrue([for capability in var.policy.capabilities : can(regex("^(CAP_)?[A-Z][A-Z_]*$", capability))])
    error_message = "Write each of policy.capabilities as Linux calls it, such as NET_RAW."
  }

  validation {
    condition     = can(regex("^([1-9][0-9]{0,14}[bkmg]?)?$", var.policy.memory))
    error_message = "Write policy.memory as a number with b, k, m or g behind it, such as 8g, or as \"\" for no limit."
  }

  validation {
    condition     = var.policy.cpus >= 0 && var.policy.cpus <= 512
    error_message = "Write policy.cpus as a number from 0 (no limit) to 512."
  }

  validation {
    condition     = var.policy.pids >= 0 && var.policy.pids <= 4194304 && floor(var.policy.pids) == var.policy.pids
    error_message = "Write policy.pids as a whole number from 0 (no limit) to 4194304."
  }
}

variable "registry_config" {
  description = <<-EOT
    Path of a Docker config.json on this machine, the engine's, whose "auths" hold the credentials of private registries (a helper that
    it names, credsStore, is not there in the keeper's container). null: none. Its folder is mounted read-only into the keeper, so that
    a new file in it is used from the next pull on: let nothing else lie there. The group docker_gid must be able to read the file and enter
    the folder (chgrp docker, chmod 0640 and 0750), others must not. `make up` does all this with a copy of its own. Only the path gets into
    the state; with runtime = "swarm" its content does, as a secret of the keeper.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.registry_config == null || can(regex("^/([^[:cntrl:],:]+/)+config[.]json$", var.registry_config))
    error_message = "Write registry_config as an absolute path that ends with /config.json, without commas and colons, in a folder of its own, such as /etc/ringmaster/registry/config.json."
  }
}

variable "server_max_connections" {
  description = "Requests that a server gets at once; more wait at the edge, for queue_timeout at most. 0: no limit."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.server_max_connections >= 0 && var.server_max_connections <= 100000 && floor(var.server_max_connections) == var.server_max_connections
    error_message = "Write server_max_connections as a whole number from 0 (no limit) to 100000."
  }
}

variable "server_keep_alive" {
  description = "Whether the edge keeps connections to servers open between requests. false: for servers that can hold one at a time."
  type        = bool
  default     = true
  nullable    = false
}

# --- Placement ------------------------------------------------------------------------------------------------------

variable "ring" {
  description = <<-EOT
    Ring profile; a field that is left out has the strategy's usual value, and docs/ring.md explains all of them.
    strategy: table (balanced slot table), course (the course handout's ring), ring (hash ring of virtual servers), maglev, or
    a plug-in's. request_hash: course, crc32, xxh64, md5, sha1, sha256, or a plug-in's. key: random, header:NAME, cookie:NAME,
    query:NAME, path or address. bound: the most load of a server, as a multiple above 1 of its share; left out: no bound.
    slots: M, 65537 for maglev, else 512. virtual_servers: K, points of each server (course and ring). probing: linear or
    triangular (course). points: 2^32 or slots, where virtual servers sit; point_hash: xxh64, md5, sha1 or sha256 (ring).
    Changing it replaces the balancer's container, and the new profile then replaces one that was PUT to /ring.
  EOT
  type = object({
    strategy        = optional(string, "table")
    request_hash    = optional(string)
    key             = optional(string)
    bound           = optional(number)
    slots           = optional(number)
    virtual_servers = optional(number)
    probing         = optional(string)
    points          = optional(string)
    point_hash      = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["table", "course", "ring", "maglev"], var.ring.strategy) || var.plugins != null
    error_message = "Write ring.strategy as table, course, ring or maglev, or name your own in plugins."
  }

  validation {
    condition     = contains(["course", "crc32", "xxh64", "md5", "sha1", "sha256"], coalesce(var.ring.request_hash, "crc32")) || var.plugins != null
    error_message = "Write ring.request_hash as course, crc32, xxh64, md5, sha1 or sha256, leave it out, or name your own in plugins."
  }

  validation {
    condition     = can(regex("^(random|path|address|header:[A-Za-z0-9][A-Za-z0-9.~-]{0,63}|(cookie|query):[A-Za-z0-9_][A-Za-z0-9_.~-]{0,63})$", coalesce(var.ring.key, "random")))
    error_message = "Write ring.key as random, header:NAME, cookie:NAME, query:NAME, path or address; a NAME has letters, digits and . ~ - (cookies and parameters: _ as well)."
  }

  validation {
    condition     = coalesce(var.ring.bound, 1.25) > 1 && coalesce(var.ring.bound, 1.25) <= 1000
    error_message = "Write ring.bound as a number above 1, at most 1000, such as 1.25, or leave it out for no bound."
  }
}

variable "hash_seed" {
  description = <<-EOT
    A secret that makes the slot of a key unpredictable, so that nobody can aim requests at one server; another seed gives nearly every
    key another server. It stands in Terraform's state, in the balancer's environment and in the edge's configuration. null: none.
    docs/ring.md, "A seed", explains it.
  EOT
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = var.hash_seed == null || can(regex("^[!-~]{16,256}$", var.hash_seed))
    error_message = "Write hash_seed with 16 to 256 printable ASCII characters without blanks, for instance the output of `openssl rand -hex 32`."
  }

  validation {
    condition     = var.hash_seed == null || !var.explain
    error_message = "hash_seed hides which server a key leads to, and explain tells everybody: set explain = false, or leave hash_seed out."
  }
}

variable "slow_start" {
  description = "Seconds in which a new server comes to its whole weight. 0: at once."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.slow_start >= 0 && var.slow_start <= 3600
    error_message = "Write slow_start as seconds from 0 (off) to 3600."
  }
}

variable "plugins" {
  description = <<-EOT
    Strategies and request hashes of your own, as docs/ring.md explains. directory: absolute path on the engine's host, readable
    for uid 10001, mounted read-only at /opt/plugins, from where Python imports; modules: "module:NAME" of each. After an edit in the
    directory, restart the balancer's container.
  EOT
  type        = object({ directory = string, modules = optional(list(string), []) })
  default     = null

  validation {
    condition     = var.plugins == null || can(regex("^/[^[:space:],:]*$", var.plugins.directory))
    error_message = "Write plugins.directory as an absolute path without blanks, commas and colons, such as /srv/ringmaster-plugins."
  }

  validation {
    condition     = var.plugins == null || length(try(var.plugins.modules, [])) > 0
    error_message = "Name each plug-in in plugins.modules, or leave plugins null."
  }

  validation {
    condition     = alltrue([for module in try(var.plugins.modules, []) : can(regex("^[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*$", module))])
    error_message = "Write each of plugins.modules as module:NAME, such as rendezvous:Rendezvous."
  }
}

# --- Answers --------------------------------------------------------------------------------------------------------

variable "unknown_path" {
  description = "What becomes of a server's 404: pass (unchanged) or course (the course handout's 400)."
  type        = string
  default     = "pass"
  nullable    = false

  validation {
    condition     = contains(["pass", "course"], var.unknown_path)
    error_message = "Write unknown_path as pass or course."
  }
}

variable "explain" {
  description = "Whether answers tell their server, slot and attempt, in the headers X-Served-By, X-Ring-Slot and X-Ring-Attempt."
  type        = bool
  default     = true
  nullable    = false
}

variable "access_log" {
  description = "Which requests are logged: errors (those answered with 5xx and those that were repeated), all, or a percentage such as 1% or 0.5% (errors, and that part of the others, drawn at random). docs/logs.md has the fields."
  type        = string
  default     = "errors"
  nullable    = false

  validation {
    condition     = contains(["errors", "all"], var.access_log) || (can(regex("^[0-9]{1,2}([.][0-9]{1,4})?%$", var.access_log)) && can(regex("[1-9]", var.access_log)))
    error_message = "Write access_log as errors, all, or a percentage of more than 0 and less than 100 with at most 4 decimals, such as 1% or 0.5%."
  }
}

variable "traceparent" {
  description = "What becomes of a request without a valid W3C traceparent: make (it gets one) or pass (it has none). A valid one reaches the server in any case. make costs the edge 7 % of its own instructions; pass suits servers whose tracing library samples a part by itself."
  type        = string
  default     = "make"
  nullable    = false

  validation {
    condition     = contains(["make", "pass"], var.traceparent)
    error_message = "Write traceparent as make or pass."
  }
}

variable "otlp_endpoint" {
  description = "An OpenTelemetry collector that gets spans of changes, failures and deploys, by OTLP over HTTP, such as http://collector:4318; it must be reachable from the balancer. \"\": none."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(https?://[^[:space:]/?#@]+(/[^[:space:]?#]*)?)?$", var.otlp_endpoint))
    error_message = "Write otlp_endpoint as an http or https URL without a user, such as http://collector:4318, or \"\" for none."
  }
}

# --- Times, in seconds ----------------------------------------------------------------------------------------------

variable "heartbeat" {
  description = <<-EOT
    Seconds between two heartbeats, which overlap (interval), until one counts as missed (timeout), missed ones in a row until a server
    is silent (strikes): it is off the ring after strikes × interval + timeout, later where all answers are slow. Seconds that a new
    server has to answer its first (start_grace). The Host that they say (host; "": the server's address), and what a living server answers (status): codes and ranges, such as 200,204 or 200-399.
  EOT
  type = object({
    interval    = optional(number, 0.2)
    timeout     = optional(number, 0.4)
    strikes     = optional(number, 2)
    start_grace = optional(number, 30)
    host        = optional(string, "")
    status      = optional(string, "200")
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^([A-Za-z0-9._:\\[\\]-]+)?$", var.heartbeat.host))
    error_message = "Write heartbeat.host as a host name, with a port where the application expects one, such as shop.example, or \"\" for the server's address."
  }

  validation {
    condition     = can(regex("^[1-5][0-9]{2}(-[1-5][0-9]{2})?(,[1-5][0-9]{2}(-[1-5][0-9]{2})?)*$", var.heartbeat.status))
    error_message = "Write heartbeat.status as status codes from 100 to 599 and ranges of them with commas between them, such as 200, 200-399 or 200,204."
  }

  validation {
    condition     = alltrue([for range in split(",", var.heartbeat.status) : try(tonumber(split("-", range)[0]) <= tonumber(split("-", range)[1]), true)])
    error_message = "A range in heartbeat.status ends before it begins: write the lower status first."
  }

  validation {
    condition     = var.heartbeat.interval >= 0.1 && var.heartbeat.interval <= 60
    error_message = "Write heartbeat.interval as seconds from 0.1 to 60."
  }

  validation {
    condition     = var.heartbeat.timeout >= 0.1 && var.heartbeat.timeout <= 60
    error_message = "Write heartbeat.timeout as seconds from 0.1 to 60."
  }

  validation {
    condition     = var.heartbeat.strikes >= 1 && var.heartbeat.strikes <= 100 && floor(var.heartbeat.strikes) == var.heartbeat.strikes
    error_message = "Write heartbeat.strikes as a whole number from 1 to 100."
  }

  validation {
    condition     = var.heartbeat.start_grace >= 1 && var.heartbeat.start_grace <= 3600
    error_message = "Write heartbeat.start_grace as seconds from 1 to 3600."
  }
}

variable "hang_timeout" {
  description = "Seconds that a silent server with requests may go without a sign of life (an answered heartbeat, a response, a byte of one) before it counts as hung and is replaced."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.hang_timeout >= 2 && var.hang_timeout <= 86400
    error_message = "Write hang_timeout as seconds from 2 to 86400."
  }
}

variable "pull_timeout" {
  description = "Seconds that a pull of the servers' image may take, by Terraform before an apply goes on, or by the balancer."
  type        = number
  default     = 600
  nullable    = false

  validation {
    condition     = var.pull_timeout >= 1 && var.pull_timeout <= 86400
    error_message = "Write pull_timeout as seconds from 1 to 86400."
  }
}

variable "drain_timeout" {
  description = "Seconds that a leaving server has to finish the requests it has; an edge that stops has 10 at most."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.drain_timeout >= 0 && var.drain_timeout <= 3600
    error_message = "Write drain_timeout as seconds from 0 to 3600."
  }
}

variable "stop_timeout" {
  description = "Seconds between SIGTERM and SIGKILL when a server's container is stopped."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.stop_timeout >= 1 && var.stop_timeout <= 3600 && floor(var.stop_timeout) == var.stop_timeout
    error_message = "Write stop_timeout as whole seconds from 1 to 3600."
  }
}

variable "response_timeout" {
  description = "Seconds that a server may take to begin its answer."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.response_timeout >= 1 && var.response_timeout <= 3600
    error_message = "Write response_timeout as seconds from 1 to 3600."
  }
}

variable "stream_timeout" {
  description = "Seconds that an answer which has begun may be silent, such as a stream of events."
  type        = number
  default     = 3600
  nullable    = false

  validation {
    condition     = var.stream_timeout >= 1 && var.stream_timeout <= 86400
    error_message = "Write stream_timeout as seconds from 1 to 86400."
  }
}

variable "queue_timeout" {
  description = "Seconds that a request waits at the edge for a server that has server_max_connections already; then it is answered with 503."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.queue_timeout >= 0.1 && var.queue_timeout <= 3600
    error_message = "Write queue_timeout as seconds from 0.1 to 3600."
  }
}

variable "bufsize" {
  description = "Bytes of one buffer of the edge, HAProxy's tune.bufsize. The head of a request or an answer may have 1024 less, and a request that is to be repeated must fit in, body included. Twice as much costs about a tenth more CPU time. From 16384 on the edge speaks HTTP/2. Null: 16384 where server_protocol needs it, else 8192."
  type        = number
  default     = null

  validation {
    condition     = var.bufsize == null || try(var.bufsize >= 8192 && var.bufsize <= 1048576 && floor(var.bufsize) == var.bufsize, false)
    error_message = "Write bufsize as whole bytes from 8192 to 1048576."
  }
}
