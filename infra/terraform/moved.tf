# A deployment that was made when the module was the root keeps its addresses, volumes and network. The keeper is replaced once.

moved {
  from = terraform_data.claim
  to   = module.ringmaster.terraform_data.claim
}

moved {
  from = terraform_data.images
  to   = module.ringmaster.terraform_data.images
}

moved {
  from = terraform_data.public_port
  to   = terraform_data.ports
}

moved {
  from = terraform_data.ports
  to   = module.ringmaster.terraform_data.ports
}

moved {
  from = terraform_data.reaper
  to   = module.ringmaster.terraform_data.reaper
}

moved {
  from = terraform_data.limits
  to   = module.ringmaster.terraform_data.limits
}

moved {
  from = terraform_data.sweep
  to   = module.ringmaster.terraform_data.sweep
}

moved {
  from = docker_volume.this
  to   = module.ringmaster.docker_volume.this
}

moved {
  from = module.images
  to   = module.ringmaster.module.images
}

moved {
  from = module.network
  to   = module.ringmaster.module.network
}

moved {
  from = module.keeper
  to   = module.ringmaster.module.keeper
}

moved {
  from = module.edge
  to   = module.ringmaster.module.edge
}

moved {
  from = module.balancer
  to   = module.ringmaster.module.balancer
}

moved {
  from = module.swarm
  to   = module.ringmaster.module.swarm
}
