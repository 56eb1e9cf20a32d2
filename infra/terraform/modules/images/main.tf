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

  # A rebuild only takes the name from the old image, which the servers run on until they have been rolled, and to which the roll
  # goes back where the new one is no good. Removed before the build, as a destroyed resource is, it would be gone wherever no
  # container of it happens to run in that moment. Those that use this module remove it: see terraform_data.images and .sweep.
  keep_locally = true
}

resource "docker_image" "referenced" {
  for_each = var.references

  name         = each.value
  keep_locally = true
}
