# Rings that the balancer would refuse, each for one reason: the plan must fail. And the fullest ones that it takes. No engine is needed.

mock_provider "docker" {}

variables {
  docker_gid = 999
}

run "a_full_course_ring" {
  command = plan
  variables {
    replicas = 56
    ring     = { strategy = "course" }
  }

  assert {
    condition     = local.room == 56 && length(local.wrong_ring) == 0
    error_message = "A course ring of 512 slots has room for 56 servers of 9 virtual servers."
  }
}

run "a_full_ring_of_slots" {
  command = plan
  variables {
    replicas  = 25
    autoscale = { min = 1, max = 25, latency = 1 }
    ring      = { strategy = "ring", points = "slots", slots = 256, virtual_servers = 10 }
  }

  assert {
    condition     = local.room == 25
    error_message = "A ring of 256 slots has room for 25 servers whose 10 virtual servers sit in them."
  }
}

run "a_hash_ring_has_room_in_every_slot" {
  command = plan
  variables {
    replicas   = 2
    slow_start = 10
    ring       = { strategy = "ring", slots = 2, virtual_servers = 1024, point_hash = "sha256" }
  }

  assert {
    condition     = local.room == 2
    error_message = "Virtual servers at 2^32 points take no slots."
  }
}

run "maglev_with_its_prime" {
  command = plan
  variables {
    ring = { strategy = "maglev" }
  }

  assert {
    condition     = local.room == 65537
    error_message = "The usual number of slots of maglev is 65537."
  }
}

run "what_a_plug_in_takes_only_the_balancer_knows" {
  command = plan
  variables {
    replicas = 3
    ring     = { strategy = "rendezvous", slots = 2, points = "anywhere" }
    plugins  = { directory = "/srv/plugins", modules = ["rendezvous:Rendezvous"] }
  }

  assert {
    condition     = length(local.wrong_ring) == 0
    error_message = "Terraform judges a strategy that it does not know."
  }
}

run "more_replicas_than_slots" {
  command = plan
  variables {
    replicas = 3
    ring     = { slots = 2 }
  }
  expect_failures = [terraform_data.claim]
}

run "more_replicas_than_the_course_ring_holds" {
  command = plan
  variables {
    replicas = 57
    ring     = { strategy = "course" }
  }
  expect_failures = [terraform_data.claim]
}

run "more_replicas_than_a_ring_of_slots_holds" {
  command = plan
  variables {
    replicas = 26
    ring     = { strategy = "ring", points = "slots", slots = 256, virtual_servers = 10 }
  }
  expect_failures = [terraform_data.claim]
}

run "autoscale_max_is_beyond_the_ring" {
  command = plan
  variables {
    autoscale = { min = 1, max = 57, in_flight = 8 }
    ring      = { strategy = "course" }
  }
  expect_failures = [terraform_data.claim]
}

run "ring_slots_is_no_power_of_two" {
  command = plan
  variables {
    ring = { slots = 500 }
  }
  expect_failures = [terraform_data.claim]
}

run "ring_slots_is_too_large" {
  command = plan
  variables {
    ring = { slots = 131072 }
  }
  expect_failures = [terraform_data.claim]
}

run "ring_slots_is_maglevs_prime_without_maglev" {
  command = plan
  variables {
    ring = { slots = 65537 }
  }
  expect_failures = [terraform_data.claim]
}

run "maglevs_slots_is_another_prime" {
  command = plan
  variables {
    ring = { strategy = "maglev", slots = 251 }
  }
  expect_failures = [terraform_data.claim]
}

run "ring_virtual_servers_on_a_table" {
  command = plan
  variables {
    ring = { virtual_servers = 9 }
  }
  expect_failures = [terraform_data.claim]
}

run "ring_virtual_servers_is_zero" {
  command = plan
  variables {
    ring = { strategy = "course", virtual_servers = 0 }
  }
  expect_failures = [terraform_data.claim]
}

run "ring_virtual_servers_is_a_fraction" {
  command = plan
  variables {
    ring = { strategy = "ring", virtual_servers = 1.5 }
  }
  expect_failures = [terraform_data.claim]
}

run "ring_virtual_servers_is_too_large" {
  command = plan
  variables {
    ring = { strategy = "ring", virtual_servers = 1025 }
  }
  expect_failures = [terraform_data.claim]
}

run "ring_probing_is_unknown" {
  command = plan
  variables {
    ring = { strategy = "course", probing = "quadratic" }
  }
  expect_failures = [terraform_data.claim]
}

run "ring_probing_without_the_course_ring" {
  command = plan
  variables {
    ring = { strategy = "ring", probing = "linear" }
  }
  expect_failures = [terraform_data.claim]
}

run "ring_points_is_unknown" {
  command = plan
  variables {
    ring = { strategy = "ring", points = "2^64" }
  }
  expect_failures = [terraform_data.claim]
}

run "ring_points_without_a_hash_ring" {
  command = plan
  variables {
    ring = { strategy = "course", points = "slots" }
  }
  expect_failures = [terraform_data.claim]
}

run "ring_point_hash_is_unknown" {
  command = plan
  variables {
    ring = { strategy = "ring", point_hash = "crc32" }
  }
  expect_failures = [terraform_data.claim]
}

run "ring_point_hash_without_a_hash_ring" {
  command = plan
  variables {
    ring = { strategy = "maglev", point_hash = "md5" }
  }
  expect_failures = [terraform_data.claim]
}

run "slow_start_on_the_course_ring" {
  command = plan
  variables {
    slow_start = 10
    ring       = { strategy = "course" }
  }
  expect_failures = [terraform_data.claim]
}
