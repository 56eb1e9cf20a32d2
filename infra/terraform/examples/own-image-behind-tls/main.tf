module "ringmaster" {
  source = "../../modules/ringmaster"

  deployment  = "shop"
  name_prefix = "shop-"
  base_image  = var.base_image

  server_image   = var.image
  server_port    = 8080
  heartbeat_path = "/health"
  server_memory  = "256m"
  replicas       = 2

  # Open to other machines: by HTTPS, with plain HTTP sent there, and changes of the fleet only with the token.
  publish_address = "0.0.0.0"
  publish_port    = 80
  tls             = var.certificates
  tls_port        = 443
  tls_redirect    = true
  token           = var.token

  # One client keeps to one server, and nobody learns from outside which server that is.
  ring    = { key = "cookie:session" }
  explain = false
}
