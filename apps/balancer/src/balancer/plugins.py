"""Plug-ins: strategies and request hashes of users, found by module path or by entry point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from inspect import isabstract
from typing import Any

from balancer.core.catalogue import Catalogue
from balancer.core.request_hash import REQUEST_HASHES, RequestHash
from balancer.core.ring_profile import FIELDS
from balancer.core.strategies import STRATEGIES, Strategy

GROUP = "ringmaster.plugins"
"""The entry-point group. Every entry names a Strategy class or a RequestHash."""


class InvalidPlugin(ValueError):
    """A plug-in cannot be loaded, or is neither a strategy nor a request hash. The text says which one and what to
    do."""


def catalogue(paths: Sequence[str], *, at_edge: bool) -> Catalogue:
    """The catalogue of Ringmaster's own strategies and hashes, those of the entry points, and those of `paths`, each
    "module:NAME". Raises InvalidPlugin."""
    loaders: dict[str, Callable[[], Any]] = {entry.value: entry.load for entry in entry_points(group=GROUP)}
    loaders |= {path: partial(_by_path, path) for path in paths}
    strategies, request_hashes = dict(STRATEGIES), dict(REQUEST_HASHES)
    for path, load in loaders.items():
        plugin = _loaded(path, load)
        if isinstance(plugin, RequestHash):
            _take(request_hashes, plugin.name, plugin, path)
        elif _is_strategy(plugin):
            _take(strategies, plugin.name, plugin, path)
        else:
            raise InvalidPlugin(
                f"{path} is neither a RequestHash nor a dataclass derived from Strategy with a name, slots, _place, "
                f"a default for every field, and none of the fields {', '.join(sorted(FIELDS))}"
            )
    return Catalogue(strategies=strategies, request_hashes=request_hashes, at_edge=at_edge)


def _loaded(path: str, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except InvalidPlugin:
        raise
    except Exception as error:
        raise InvalidPlugin(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error


def _by_path(path: str) -> Any:
    module, _, name = path.partition(":")
    if not module or not name:
        raise InvalidPlugin(f"{path!r} must be written as module:NAME, such as rendezvous:Rendezvous")
    return getattr(import_module(module), name)


def _is_strategy(plugin: Any) -> bool:
    is_class = isinstance(plugin, type) and issubclass(plugin, Strategy) and is_dataclass(plugin)
    if not is_class or isabstract(plugin) or not hasattr(plugin, "name") or not hasattr(plugin, "slots"):
        return False
    has_defaults = all(field.default is not MISSING or field.default_factory is not MISSING for field in fields(plugin))
    return has_defaults and FIELDS.isdisjoint(plugin.parameters())


def _take(known: dict[str, Any], name: str, plugin: Any, path: str) -> None:
    if known.setdefault(name, plugin) is not plugin:
        raise InvalidPlugin(f"{path}: the name {name} is taken; choose another one")
