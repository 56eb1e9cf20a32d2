output "urls" {
  description = "Where the servers of each deployment answer."
  value       = { blue = module.blue.url, green = module.green.url }
}
