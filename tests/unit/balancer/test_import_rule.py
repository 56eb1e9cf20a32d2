"""Every module of the balancer keeps the import rule, and the rule can tell."""

from __future__ import annotations

from pathlib import Path

import pytest

import balancer
from tests.unit.balancer.import_rule import LAYERS, ROOTS, violations

SOURCE = Path(balancer.__file__).parents[1]
MODULES = sorted(path for package in ROOTS for path in (SOURCE / package).rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_the_module_imports_only_what_its_layer_may(path: Path) -> None:
    assert violations(module_name(path), path.read_text()) == []


def test_every_layer_is_there() -> None:
    names = {module_name(path) for path in MODULES}
    assert {layer.name for layer in LAYERS} <= names


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("balancer.core.plan", "import threading"),
        ("balancer.core.plan", "import os.path"),
        ("balancer.core.plan", "from time import monotonic"),
        ("balancer.core.plan", "import random as chance"),
        ("balancer.core.plan", "import json, logging"),
        ("balancer.core.plan", "from concurrent.futures import Future"),
        ("balancer.core.plan", "import flask"),
        ("balancer.core.plan", "import numpy"),
        ("balancer.core.plan", "from balancer.plugins import catalogue"),
        ("balancer.core.strategies.ring", "import uhashring"),
        ("balancer.ports.store", "import xxhash"),
        ("balancer.service.server_workers", "import xxhash"),
        ("balancer.plugins", "from balancer.settings import Settings"),
        ("balancer.plugins", "import xxhash"),
        ("keeper.call", "import docker"),
        ("keeper.verbs", "from balancer.service.rollout import Rollout"),
        ("keeper.server", "from balancer.adapters.docker_engine import DockerEngine"),
        ("balancer.adapters.keeper_client", "from keeper import call"),
        ("balancer.core.plan", "from balancer.ports.store import FleetStore"),
        ("balancer.core.plan", "from balancer import settings"),
        ("balancer.core.plan", "import balancer"),
        ("balancer.core.plan", "from ..ports import store"),
        ("balancer.core.plan", "def later():\n    import socket"),
        ("balancer.core.plan", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import datetime"),
        ("balancer.ports.store", "from balancer.service.desired import DesiredFleet"),
        ("balancer.ports.store", "import pathlib"),
        ("balancer.service.server_workers", "from balancer.adapters.system import SystemClock"),
        ("balancer.service.server_workers", "from balancer.http import token"),
        ("balancer.service.server_workers", "import docker"),
        ("balancer.http.public", "from balancer.adapters.flask_plane.forwarder import Forwarder"),
        ("balancer.http.public", "from balancer.ports.store import FleetStore"),
        ("balancer.http.public", "import urllib3"),
        ("balancer.adapters.system", "from balancer.service.server_workers import ServerWorkers"),
        ("balancer.adapters.system", "from balancer.http import answer"),
        ("balancer.adapters.system", "from balancer.bootstrap import build"),
        ("balancer.settings", "from balancer.adapters.system import SystemClock"),
        ("balancer.utils", ""),
        ("ringmaster.client", "from balancer.ports import answers"),
        ("ringmaster.client", "from keeper import call"),
        ("ringmaster.client", "import urllib3"),
        ("ringmaster.render.fleet", "from ringmaster.client import Answer"),
        ("ringmaster.render.fleet", "import time"),
        ("balancer.http.public", "from ringmaster.client import Client"),
    ],
)
def test_the_rule_finds_what_it_forbids(module: str, source: str) -> None:
    assert len(violations(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("balancer.core.plan", "import json\nfrom balancer.core.fleet import Fleet\nfrom .fleet import Server"),
        ("balancer.core.hashing", "import hashlib, zlib\nimport xxhash\nfrom xxhash import xxh64_intdigest"),
        ("balancer.plugins", "import importlib.metadata\nfrom balancer.core.strategies import Strategy"),
        ("balancer.settings", "from balancer.plugins import catalogue"),
        ("balancer.service.server_workers", "import threading, logging\nfrom balancer.ports.store import FleetStore"),
        ("balancer.http.public", "import flask\nfrom werkzeug.exceptions import NotFound"),
        ("balancer.adapters.system", "import docker, random\nfrom balancer.ports.store import FleetStore"),
        ("balancer.bootstrap", "from balancer.adapters.system import SystemClock\nfrom balancer import http"),
        ("ringmaster.commands.status", "import click\nfrom ringmaster.render import fleet"),
    ],
)
def test_the_rule_leaves_alone_what_it_allows(module: str, source: str) -> None:
    assert violations(module, source) == []
