module "ringmaster" {
  source = "../../modules/ringmaster"

  base_image = var.base_image
  replicas   = 2
}
