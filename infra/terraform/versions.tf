# What this configuration runs on.
#
# The provider is pinned to the release whose registry build the tests stand for. Where no registry answers, infra/provider builds a
# snapshot of it, three months younger: what differs is in docs/decisions/0034-the-provider.md, also why no lock file is committed.
terraform {
  required_version = ">= 1.11"

  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "4.5.0"
    }
  }
}
