//go:build tools

// Package provider holds no code. It pins the source of Terraform's Docker provider for machines
// that reach no Terraform registry: `go build` makes the same plugin from it.
package provider

import _ "github.com/terraform-providers/terraform-provider-docker"
