# No HAProxy: the balancer forwards the requests itself. For small set-ups, and to read how it works.

module "ringmaster" {
  source = "../../modules/ringmaster"

  base_image   = var.base_image
  data_plane   = "flask"
  unknown_path = "course"
  ring         = { strategy = "course" }
  replicas     = 3
}
