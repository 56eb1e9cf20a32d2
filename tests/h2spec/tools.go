//go:build tools

// Package h2spec holds no code. It pins the source of h2spec, which build.sh builds.
package h2spec

import _ "github.com/summerwind/h2spec/cmd/h2spec"
