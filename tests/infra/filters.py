"""The collection's filters as modules of their own: Ansible loads them by their files, too."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from tests.deployment import PROJECT

COLLECTION = PROJECT / "infra" / "ansible" / "collections" / "ansible_collections" / "ringmaster" / "infra"


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, COLLECTION / "plugins" / "filter" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
