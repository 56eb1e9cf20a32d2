"""Deploys in words: how far one is, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ringmaster.render import words


def summary(deployed: Mapping[str, Any]) -> str:
    """The answer of GET /deploy in one line."""
    release, deploy = deployed["release"], deployed["deploy"]
    runs = f"release {release['number']}, {release['image']}"
    return runs if deploy is None else f"{runs}; the latest deploy: {progress(deploy)}"


def progress(deploy: Mapping[str, Any]) -> str:
    """How far a deploy is."""
    stage, left, pull = deploy["stage"], deploy["left"], deploy["pulling"]
    reason = f": {deploy['reason']}" if deploy["reason"] else ""
    if pull:
        return f"pulling {deploy['wish']['image']}, {_pulled(pull)}"
    going = f", {words.number(left, 'server')} to go" if stage in ("rolling", "rolling back") else ""
    return f"{stage}{going}{reason}"


def _pulled(pull: Mapping[str, Any]) -> str:
    layers = f"{pull['layers_done']} of {words.number(pull['layers'], 'layer')}"
    return f"{layers}, {words.size(pull['bytes_done'])} of {words.size(pull['bytes'])}, {pull['seconds']:.0f} s"
