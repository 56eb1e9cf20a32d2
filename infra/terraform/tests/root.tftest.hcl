# What the root adds to the module: the provider's credentials, and its variables and outputs.

mock_provider "docker" {
  override_during = plan

  mock_resource "docker_image" {
    defaults = { image_id = "sha256:built" }
  }
}

variables {
  docker_gid = 999
}

run "variables_reach_the_module_and_outputs_come_back" {
  command = plan
  variables {
    deployment   = "blue"
    name_prefix  = "blue-"
    publish_port = 6000
  }

  assert {
    condition     = output.deployment == "blue" && output.url == "http://127.0.0.1:6000" && output.containers.edge == "blue-ringmaster-edge"
    error_message = "The module does not get the root's variables, or the root does not tell what the module does."
  }

  assert {
    condition     = output.images == { server = "sha256:built", balancer = "sha256:built", edge = "sha256:built" }
    error_message = "The module does not find the sources of its images."
  }
}

run "a_rule_of_the_module_is_one_of_the_root" {
  command = plan
  variables {
    replicas = 0
  }
  expect_failures = [var.replicas]
}

run "registry_of_registry_example" {
  command = plan
  variables {
    server_image = "registry.example:5000/shop/app:1.4"
  }

  assert {
    condition     = local.registries == toset(["registry.example:5000"])
    error_message = "The credentials would go to another registry than the image comes from."
  }
}

run "registry_of_localhost_shop" {
  command = plan
  variables {
    server_image = "localhost/shop"
  }

  assert {
    condition     = local.registries == toset(["localhost"])
    error_message = "The credentials would go to another registry than the image comes from."
  }
}

run "registry_of_shop_app" {
  command = plan
  variables {
    server_image = "shop/app:1.4"
  }

  assert {
    condition     = local.registries == toset(["registry-1.docker.io"])
    error_message = "The credentials would go to another registry than the image comes from."
  }
}

run "registry_of_shop" {
  command = plan
  variables {
    server_image = "shop"
  }

  assert {
    condition     = local.registries == toset(["registry-1.docker.io"])
    error_message = "The credentials would go to another registry than the image comes from."
  }
}

run "registries_of_published_images" {
  command = plan
  variables {
    server_image = "shop:1.4"
    images = {
      balancer = "registry.example/ringmaster-balancer:1.0"
      edge     = "registry.example/ringmaster-edge@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    }
  }

  assert {
    condition     = local.registries == toset(["registry.example", "registry-1.docker.io"])
    error_message = "A registry gets no credentials, or one that is not asked gets some."
  }
}
