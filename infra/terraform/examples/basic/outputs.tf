output "url" {
  description = "Where the servers answer."
  value       = module.ringmaster.url
}

output "fleet_url" {
  description = "Where /rep, /add and /rm are."
  value       = module.ringmaster.fleet_url
}
