"""Everything that an application answers, so that what is true of all of it is tested for whatever comes later, too."""

from __future__ import annotations

from flask import Flask

_PARTS = {"hostname": "S1", "file": "page.js"}
"""The parameters of paths."""
_NOT_OURS = frozenset({"HEAD", "OPTIONS"})
"""Flask answers them by itself."""


def every_path(app: Flask) -> list[tuple[str, str]]:
    """(method, path) of every operation."""
    return [
        (method, app.url_map.bind("").build(rule.endpoint, {name: _PARTS[name] for name in rule.arguments}, method))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - _NOT_OURS)
    ]
