# What a ring may be, so that a plan tells what else the balancer would tell when it starts. The numbers are the balancer's own: ring.json is
# what infra/terraform/ring.py prints, and a test compares. What a plug-in's strategy takes only the balancer knows.

locals {
  strategies = jsondecode(file("${path.module}/ring.json"))

  # null: a plug-in's. The strategy ring has other rules where virtual servers sit in slots.
  strategy = try(local.strategies[var.ring.strategy == "ring" && var.ring.points == "slots" ? "ring of slots" : var.ring.strategy], null)

  # Parameter → what it is set to, where it is, and for those with choices all of these.
  parameters = { for name, value in {
    slots           = var.ring.slots
    virtual_servers = var.ring.virtual_servers
    probing         = var.ring.probing
    points          = var.ring.points
    point_hash      = var.ring.point_hash
  } : name => tostring(value) if value != null }
  choices = { for name, values in try(local.strategy.choices, {}) : name => [for value in values : tostring(value)] }

  # Where the strategy has virtual servers: how many each server has, and the most.
  virtual_servers      = try(coalesce(var.ring.virtual_servers, local.strategy.virtual_servers.usual), null)
  most_virtual_servers = try(local.strategy.virtual_servers.most, null)

  # Slots, and how many servers have room in them.
  slots = try(coalesce(var.ring.slots, local.strategy.slots), null)
  room  = try(floor(local.slots / (local.strategy.virtual_servers_sit_in_slots ? local.virtual_servers : 1)), null)

  wrong_ring = local.strategy == null ? tolist([]) : tolist(concat(
    [for name in keys(local.parameters) : "The strategy ${var.ring.strategy} has no ${name}: leave ring.${name} out."
    if !contains(concat(keys(local.choices), local.virtual_servers == null ? [] : ["virtual_servers"]), name)],
    [for name, values in local.choices : "Write ring.${name} of the strategy ${var.ring.strategy} as one of ${join(", ", values)}."
    if !contains(values, lookup(local.parameters, name, values[0]))],
    local.virtual_servers == null ? [] : [for number in [local.virtual_servers] : "Write ring.virtual_servers as a whole number from 1 to ${local.most_virtual_servers}."
    if number < 1 || number > local.most_virtual_servers || floor(number) != number],
    [for name, number in { replicas = var.replicas, "autoscale.max" = try(var.autoscale.max, 0) } :
      "The ring has room for ${local.room} servers, and ${name} is ${number}: lower it, raise ring.slots, or lower ring.virtual_servers."
    if try(number > local.room, false)],
    [for seconds in [var.slow_start] : "The strategy ${var.ring.strategy} knows no weights, which slow_start needs: leave slow_start out, or take another ring.strategy."
    if seconds > 0 && !local.strategy.weighted],
  ))
}
