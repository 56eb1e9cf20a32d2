# What keeps two deployments on one engine apart: the name, the prefix and the ports.

module "blue" {
  source = "../../modules/ringmaster"

  deployment   = "blue"
  name_prefix  = "blue-"
  publish_port = 5100
  control_port = 5101
  base_image   = var.base_image
  replicas     = 2
}

module "green" {
  source = "../../modules/ringmaster"

  deployment   = "green"
  name_prefix  = "green-"
  publish_port = 5200
  control_port = 5201
  base_image   = var.base_image
  replicas     = 1
  ring         = { strategy = "maglev" }
}
