"""What Terraform tells the balancer, beside the settings that the balancer knows. No engine is needed."""

from __future__ import annotations

import re
from dataclasses import fields

from balancer.settings import PREFIX, Settings
from tests.infra.make import MODULE

IMAGES_OWN = {"STATE_DIR", "EDGE_DIR", "KEEPER_SOCKET", "EDGE_CERTIFICATES"}
"""Paths of the balancer's image, which nobody moves."""


def test_terraform_passes_every_setting_and_no_other() -> None:
    passed = set(re.findall(rf"^    {PREFIX}(\w+) +=", (MODULE / "settings.tf").read_text(), re.MULTILINE))
    assert passed == {setting.name.upper() for setting in fields(Settings)} - IMAGES_OWN
