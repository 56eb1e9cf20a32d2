# Every rule of the terraform ruleset that tflint brings along, over the root, the modules and the examples: make lint-terraform.
plugin "terraform" {
  enabled = true
  preset  = "all"
}
