# The network on which edge, balancer and servers find each other by name.

resource "docker_network" "this" {
  name   = var.name
  driver = "bridge"

  labels {
    label = "ringmaster.deployment"
    value = var.deployment
  }
}
