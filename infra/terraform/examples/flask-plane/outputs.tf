output "url" {
  description = "Where the servers answer."
  value       = module.ringmaster.url
}
