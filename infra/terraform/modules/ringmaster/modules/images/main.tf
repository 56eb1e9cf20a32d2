# The images of a deployment: built here when their sources change, or taken as they are.
#
# A name of ours never comes to mean something else: its tag is made of all that the image is made of. With Docker's containerd image
# store a name that moves on takes the old image with it, whatever runs on it.

locals {
  # What a build sees, less what tools leave there. Wheels count through requirements.txt, which holds their hashes.
  sources = {
    for role, context in var.contexts : role => {
      for file in fileset(context, "**") : file => filesha1("${context}/${file}")
      if !can(regex("(^|/)(wheels|__pycache__|\\.[a-z]+_cache)/|\\.pyc$", file))
    }
  }
  is_built = length(merge(var.contexts, var.images_on)) > 0

  # The Dockerfile is one of the sources, and the base image's id stands for what its name means today.
  tags = {
    for role, files in local.sources : role =>
    substr(sha1(jsonencode(merge(
      { sources = files, base = docker_image.base[0].image_id, deployment = var.deployment },
      var.packages == "" ? {} : { packages = var.packages },
    ))), 0, 12)
  }
  names = { for role, tag in local.tags : role => "${var.name_prefix}${role}:${tag}" }

  # Role → name of what is built on another one: the tag is made of that one's name, too.
  names_on = {
    for role, image in var.images_on : role =>
    "${var.name_prefix}${role}:${substr(sha1(jsonencode([local.names[image.source], image.dockerfile, local.names[image.on]])), 0, 12)}"
  }
}

# Builds are told its name: not every builder finds an image by its id.
resource "docker_image" "base" {
  count = local.is_built ? 1 : 0

  name         = var.base_image
  keep_locally = true
}

moved {
  from = docker_image.base
  to   = docker_image.base[0]
}

# Sources that go back to what they were have a tag that may be there, with servers on it, while another build of them is not the same to
# the byte. What the engine has under the tag gets another one first.
resource "terraform_data" "before_build" {
  for_each         = merge(local.names, local.names_on)
  triggers_replace = each.value

  provisioner "local-exec" {
    interpreter = ["sh", var.script]
    command     = "keep"
    environment = {
      RINGMASTER_DEPLOYMENT  = var.deployment
      RINGMASTER_DOCKER_HOST = var.docker_host
      RINGMASTER_IMAGES      = each.value
    }
  }
}

resource "docker_image" "built" {
  for_each   = var.contexts
  depends_on = [terraform_data.before_build]

  name = local.names[each.key]

  build {
    context    = each.value
    build_args = { BASE_IMAGE = docker_image.base[0].name, PACKAGES = var.packages }
    # Only this label: a role would be inherited by whatever somebody starts from the image, and taken for one of the fleet.
    labels = { "ringmaster.deployment" = var.deployment }
    # Works on every engine, with the buildx plugin and without.
    use_legacy_builder = true
  }

  # The servers run on the old image until they have been rolled, and the roll goes back to it where the new one is no good. Those that
  # use this module remove it: see terraform_data.images and .sweep.
  keep_locally = true

  # The name stands for all that the image is made of: another folder with the same sources is no reason to build.
  lifecycle {
    ignore_changes = [build]
  }
}

resource "docker_image" "built_on" {
  for_each   = var.images_on
  depends_on = [terraform_data.before_build, docker_image.built]

  name = local.names_on[each.key]

  build {
    context    = var.contexts[each.value.source]
    dockerfile = each.value.dockerfile
    build_args = {
      BASE_IMAGE            = docker_image.base[0].name
      PACKAGES              = var.packages
      (each.value.argument) = local.names[each.value.on]
    }
    labels             = { "ringmaster.deployment" = var.deployment }
    use_legacy_builder = true
  }

  keep_locally = true

  lifecycle {
    ignore_changes = [build]
  }
}

resource "terraform_data" "before_pull" {
  for_each         = var.references
  triggers_replace = each.value

  provisioner "local-exec" {
    interpreter = ["sh", var.script]
    command     = "pull"
    environment = {
      RINGMASTER_DEPLOYMENT      = var.deployment
      RINGMASTER_DOCKER_HOST     = var.docker_host
      RINGMASTER_IMAGES          = each.value
      RINGMASTER_PULL_TIMEOUT    = ceil(var.pull_timeout)
      RINGMASTER_REGISTRY_CONFIG = var.registry_config == null ? "" : var.registry_config
    }
  }
}

resource "docker_image" "referenced" {
  for_each   = var.references
  depends_on = [terraform_data.before_pull]

  name         = each.value
  keep_locally = true

  timeouts {
    create = "${ceil(var.pull_timeout)}s"
  }
}
