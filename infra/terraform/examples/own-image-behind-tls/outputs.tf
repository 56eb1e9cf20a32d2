output "url" {
  description = "Where the servers answer, as this machine reaches them."
  value       = module.ringmaster.url
}

output "control_url" {
  description = "Where /healthz, /readyz, /ring and /deploy are, on this machine alone."
  value       = module.ringmaster.control_url
}
