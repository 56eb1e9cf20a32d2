"""The import rule of the layers: http → service → ports ← adapters, all → core; only bootstrap wires adapters."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass

IMPURE = frozenset(
    {
        "asyncio",
        "concurrent",
        "ctypes",
        "datetime",
        "fcntl",
        "glob",
        "http",
        "importlib",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "queue",
        "random",
        "secrets",
        "select",
        "selectors",
        "shutil",
        "signal",
        "socket",
        "socketserver",
        "sqlite3",
        "ssl",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "urllib",
        "uuid",
        "warnings",
    }
)
"""Modules of the standard library with a clock, randomness, threads, sockets, files or logging."""

ROOTS = ("balancer", "edge_agent", "keeper", "ringmaster")
"""Our packages."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The imports that the modules below `name` may have. `ours`: modules of the balancer. `theirs`: packages of
    others. `pure`: no module of IMPURE."""

    name: str
    ours: tuple[str, ...]
    theirs: frozenset[str] | None = frozenset()
    """None for all packages."""
    pure: bool = False


LAYERS = (
    Layer("balancer.core", ("balancer.core",), theirs=frozenset({"xxhash"}), pure=True),
    Layer("balancer.ports", ("balancer.core", "balancer.ports"), pure=True),
    Layer("balancer.service", ("balancer.core", "balancer.ports", "balancer.service")),
    Layer(
        "balancer.http",
        ("balancer.core", "balancer.ports.answers", "balancer.service", "balancer.http"),
        theirs=frozenset({"flask", "pydantic", "pydantic_core", "typing_extensions", "werkzeug"}),
    ),
    Layer("balancer.adapters", ("balancer.core", "balancer.ports", "balancer.adapters"), theirs=None),
    Layer("balancer.plugins", ("balancer.core",)),
    Layer("balancer.setting_types", ("balancer.core",)),
    Layer("balancer.settings", ("balancer.core", "balancer.plugins", "balancer.setting_types")),
    Layer("keeper.call", ("balancer.core", "keeper.call")),
    Layer("keeper.verbs", ("balancer.core", "balancer.ports", "balancer.adapters", "keeper")),
    Layer("keeper.server", ("balancer.core", "keeper")),
    Layer("keeper.healthcheck", ()),
    Layer("keeper.__main__", ("balancer", "keeper")),
    Layer("edge_agent.__main__", ("balancer.logs", "edge_agent")),
    Layer("edge_agent", ("balancer.core", "balancer.adapters.edges", "balancer.adapters.haproxy", "edge_agent")),
    Layer("balancer.logs", ()),
    Layer("balancer.listeners", ()),
    Layer("balancer.healthcheck", ("balancer.listeners",)),
    Layer(
        "balancer.application",
        ("balancer.core", "balancer.http", "balancer.listeners", "balancer.service"),
    ),
    Layer("balancer.worker", ("balancer.listeners", "balancer.ports.answers"), theirs=frozenset({"gunicorn"})),
    Layer("balancer.bootstrap", ("balancer",), theirs=None),
    Layer("ringmaster.render", ("ringmaster.render",), theirs=frozenset({"rich"}), pure=True),
    Layer("ringmaster.unix_socket", (), theirs=frozenset({"requests", "urllib3"})),
    Layer("ringmaster", ("ringmaster",), theirs=frozenset({"click", "requests", "rich"})),
)


def violations(module: str, source: str) -> list[str]:
    """One sentence for every forbidden import of the module, and one for a module that belongs to no layer."""
    layer = next((layer for layer in LAYERS if _is_below(module, layer.name)), None)
    if layer is None:
        return [] if module in ROOTS else [f"{module} belongs to no layer"]
    return [f"{module} imports {name}" for name in imports(module, source) if not _may(layer, name)]


def imports(module: str, source: str) -> Iterator[str]:
    """The full names of all imports anywhere in the source."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = node.module or ""
            if node.level:
                parent = ".".join([*module.split(".")[: -node.level], *filter(None, [parent])])
            yield from (f"{parent}.{alias.name}" for alias in node.names)


def _may(layer: Layer, name: str) -> bool:
    top = name.partition(".")[0]
    if top in ROOTS:
        return any(_is_below(name, allowed) for allowed in layer.ours)
    if top in sys.stdlib_module_names:
        return not (layer.pure and top in IMPURE)
    return layer.theirs is None or top in layer.theirs or top == "_typeshed"


def _is_below(name: str, parent: str) -> bool:
    return name == parent or name.startswith(parent + ".")
