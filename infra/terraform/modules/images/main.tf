# The images of a deployment: built here when their sources change, or taken as they are.

locals {
  # What a build sees, less what tools leave there. Wheels count through requirements.txt, which holds their hashes.
  sources = {
    for role, context in var.contexts : role => {
      for file in fileset(context, "**") : file => filesha1("${context}/${file}")
      if !can(regex("(^|/)(wheels|__pycache__|\\.[a-z]+_cache)/|\\.pyc$", file))
    }
  }
}

resource "docker_image" "built" {
  for_each = var.contexts

  name = "${var.name_prefix}${each.key}"

  build {
    context    = each.value
    build_args = { BASE_IMAGE = var.base_image }
    # Only this label: a role would be inherited by whatever somebody starts from the image, and taken for one of the fleet.
    labels = { "ringmaster.deployment" = var.deployment }
    # Works on every engine, with the buildx plugin and without.
    use_legacy_builder = true
  }

  triggers = { sources = sha1(jsonencode(local.sources[each.key])) }

  # Servers go on running on the image that a rebuild replaces: it loses its name, and the reaper removes it with them.
  force_remove = true
}

resource "docker_image" "referenced" {
  for_each = var.references

  name         = each.value
  keep_locally = true
}
