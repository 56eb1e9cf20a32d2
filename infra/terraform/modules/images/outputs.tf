output "ids" {
  description = "Role → image id."
  value       = { for role, image in merge(docker_image.built, docker_image.referenced) : role => image.image_id }
}

output "references" {
  description = "Role → reference of the images that others make, known to the engine by now."
  value       = { for role, image in docker_image.referenced : role => image.name }
}
