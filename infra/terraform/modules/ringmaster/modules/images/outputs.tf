output "ids" {
  description = "Role → image id."
  value       = { for role, image in merge(docker_image.built, docker_image.built_on, docker_image.referenced) : role => image.image_id }
}

output "names" {
  description = "Role → name, of ours with the tag, of others as it was given. The engine knows it by now."
  value       = { for role, image in merge(docker_image.built, docker_image.built_on, docker_image.referenced) : role => image.name }
}

output "is_built" {
  description = "Whether anything is built, and so the base image needed."
  value       = local.is_built
}
