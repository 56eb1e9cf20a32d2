"""Filters that read, in an environment, which proxies there are."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_NAMES = ("http_proxy", "https_proxy", "no_proxy")
_LOOPBACK = re.compile(r"(\w+://)?([^@/]*@)?(localhost|127\.|\[::1\]|::1)", re.IGNORECASE)


def proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """Each in both cases, since programs differ in which one they read. Where the cases differ, the lower one counts.
    Empty where no proxy is named."""
    said = {name: environment.get(name) or environment.get(name.upper()) or "" for name in _NAMES}
    if not (said["http_proxy"] or said["https_proxy"]):
        return {}
    return {form: value for name, value in said.items() if value for form in (name, name.upper())}


def build_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """Those that a build can use: in its container, this machine's loopback is somewhere else."""
    reached = {
        name: value for name, value in environment.items() if name.lower() == "no_proxy" or not _LOOPBACK.match(value)
    }
    return proxies(reached)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., dict[str, str]]]:
        return {"proxies": proxies, "build_proxies": build_proxies}
