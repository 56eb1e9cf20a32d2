# A deployment on Docker Swarm: networks → reaper → secrets and plug-ins → keeper, edge, balancer → halt. What Terraform makes here is
# services, and Swarm makes their containers. The servers are services, too, which the balancer makes by way of the keeper.
#
# Every endpoint mode is dnsrr and every port is a node's own: neither virtual addresses nor the ingress mesh are used.

locals {
  # The deployment's label and a role are on everything. On a service and on its containers both: Swarm looks tasks up by the
  # service's, an engine containers by their own.
  labels = { for role in ["edge", "balancer", "keeper", "network"] : role => merge(var.labels, { "ringmaster.deployment" = var.deployment, "ringmaster.role" = role }) }

  engine = { deployment = var.deployment, docker_host = var.docker_host, runtime = "swarm" }

  # Docker's b, k, m and g.
  units = { b = 1, k = 1024, m = 1048576, g = 1073741824 }
  memory = {
    for role, text in { balancer = var.balancer_memory, edge = var.edge_memory, keeper = "128m" } :
    role => tonumber(substr(text, 0, length(text) - 1)) * local.units[substr(text, -1, 1)]
  }

  # As the provider reads it back: 1m5s for 65 seconds, 1m for 60.
  grace = {
    for role, seconds in { balancer = var.grace_seconds, edge = var.edge_grace_seconds } :
    role => replace(replace(format("%dh%dm%ds", floor(seconds / 3600), floor(seconds % 3600 / 60), seconds % 60), "/^0h(0m)?/", ""), "/([hm])(0m)?0s$/", "$1")
  }

  log_options = { max-size = "10m", max-file = "3" }
}

# Removes the servers' services, waits until no container of the deployment is left on any node that answers, and then removes the
# configs with the fleet's state. It is there from the start, so that a destroy at any moment finds it.
resource "terraform_data" "reaper" {
  depends_on       = [docker_network.this]
  triggers_replace = [var.deployment]
  input            = local.engine

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["sh", "${path.module}/../../scripts/deployment.sh"]
    command     = "reap"
    environment = {
      RINGMASTER_DEPLOYMENT  = self.output.deployment
      RINGMASTER_DOCKER_HOST = self.output.docker_host
      RINGMASTER_RUNTIME     = self.output.runtime
    }
  }
}

# Stops the services' containers on all nodes before a destroy removes the services: first the balancer, which makes servers, then the
# others. The provider by itself looks only at those of one engine, and gives up where one needs its whole grace.
resource "terraform_data" "halt" {
  depends_on       = [docker_service.keeper, docker_service.edge, docker_service.balancer]
  triggers_replace = [var.deployment]
  input            = local.engine

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["sh", "${path.module}/../../scripts/deployment.sh"]
    command     = "halt"
    environment = {
      RINGMASTER_DEPLOYMENT  = self.output.deployment
      RINGMASTER_DOCKER_HOST = self.output.docker_host
      RINGMASTER_ROLES       = "balancer edge keeper"
    }
  }
}

# Waits for what an apply has changed: the provider waits for services of replicas only, and removes a new one that is not there in time,
# with all that it could have told.
resource "terraform_data" "await" {
  depends_on       = [terraform_data.halt]
  triggers_replace = [var.deployment]

  lifecycle {
    replace_triggered_by = [docker_service.keeper, docker_service.edge, docker_service.balancer]
  }

  provisioner "local-exec" {
    interpreter = ["sh", "${path.module}/../../scripts/deployment.sh"]
    command     = "await"
    environment = {
      RINGMASTER_DEPLOYMENT  = var.deployment
      RINGMASTER_DOCKER_HOST = var.docker_host
      RINGMASTER_SERVICES    = "${docker_service.keeper.name} ${docker_service.balancer.name} ${docker_service.edge.name}"
      RINGMASTER_WAIT        = var.wait_seconds
    }
  }
}
