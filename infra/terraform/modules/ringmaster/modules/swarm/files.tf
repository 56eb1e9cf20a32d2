# What the services are given as files. A name has a hash of the content in it: new content is a new secret beside the old one, the service
# is updated, and only then does the old one go. Their contents are in Terraform's state.

locals {
  # Name in the deployment → which service has it, where it is in the container, whose it is there, and its content in base64.
  secrets = merge(
    { for file in flatten([
      for role, files in var.certificates : [
        for name, path in files : { role = role, name = name, path = path }
      ]
      ]) : "${file.role}-${file.name}" => {
      role = file.role, target = "/run/edges/${file.name}.pem", uid = "10001", content = try(filebase64(file.path), "")
    } },
    { for name in var.tls == null ? toset([]) : fileset(var.tls, "*") : "tls-${name}" => {
      role = "edge", target = "/run/tls/${name}", uid = "10001", content = try(filebase64("${var.tls}/${name}"), "")
    } if try(filebase64("${var.tls}/${name}"), "") != "" },
    { for path in var.tls_client_ca[*] : "tls-client-ca" => {
      role = "edge", target = "/run/tls-client-ca.pem", uid = "10001", content = try(filebase64(path), "")
    } },
    { for file in var.tokens[*] : "tokens" => {
      role = "balancer", target = file.target, uid = "10001", content = try(filebase64(file.source), "")
    } },
    { for file in var.registry[*] : "registry" => {
      role = "keeper", target = file.target, uid = "10002", content = try(filebase64(file.source), "")
    } },
  )

  # Plug-ins are no secrets. An empty file is none that Swarm takes, and none that Python needs.
  plugins = {
    for path in var.plugins == null ? toset([]) : fileset(var.plugins, "**") : path => try(filebase64("${var.plugins}/${path}"), "")
    if !can(regex("(^|/)__pycache__/", path)) && try(filebase64("${var.plugins}/${path}"), "") != ""
  }
}

resource "docker_secret" "this" {
  for_each   = local.secrets
  depends_on = [terraform_data.reaper]

  name = "${var.names.prefix}${each.value.role}-${substr(sha256("${each.key} ${each.value.content}"), 0, 16)}"
  data = each.value.content

  dynamic "labels" {
    for_each = local.labels[each.value.role]
    content {
      label = labels.key
      value = labels.value
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "docker_config" "plugin" {
  for_each   = local.plugins
  depends_on = [terraform_data.reaper]

  name = "${var.names.prefix}plugin-${substr(sha256("${each.key} ${each.value}"), 0, 16)}"
  data = each.value

  dynamic "labels" {
    for_each = local.labels.balancer
    content {
      label = labels.key
      value = labels.value
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}
