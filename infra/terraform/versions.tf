# What this configuration runs on.
#
# The provider is pinned to the version that the tests ran with. Where no registry answers, infra/provider builds the same
# version (a snapshot shortly after its release) into Terraform's local mirror. That build and the registry's have different
# checksums, and a lock file accepts only the ones it lists: so none is committed, and the pin below is what holds the version.
terraform {
  required_version = ">= 1.11"

  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "4.5.0"
    }
  }
}
