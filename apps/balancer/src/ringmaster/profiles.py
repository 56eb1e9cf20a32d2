"""The options of a ring profile, and the profile that they mean beside the present one."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import click

from ringmaster.key_value import values

_LASTING = ("key", "bound")
"""Fields that another strategy leaves as they are."""

_OPTIONS = (
    click.option("--strategy", metavar="NAME", help="table, course, ring, maglev, or one of your own."),
    click.option("--slots", type=int, metavar="M", help="Slots, a power of two; for maglev also 65537."),
    click.option("--virtual-servers", type=int, metavar="K", help="Each server's points, for course and ring."),
    click.option("--probing", metavar="NAME", help="Of course: linear or triangular."),
    click.option("--points", metavar="WHERE", help="Of ring: 2^32 or slots."),
    click.option("--point-hash", metavar="NAME", help="Of ring: xxh64, md5, sha1 or sha256."),
    click.option("--request-hash", metavar="NAME", help="crc32, xxh64, md5, sha1, sha256, course, or one of your own."),
    click.option("--key", metavar="SOURCE", help="random, path, address, header:NAME, cookie:NAME or query:NAME."),
    click.option("--bound", metavar="C", help="Bounded load's c, above 1; off for none."),
    click.option(
        "--set", "more", multiple=True, metavar="FIELD=JSON", help="Any other field of the profile; may be repeated."
    ),
)
FIELDS = ("strategy", "slots", "virtual_servers", "probing", "points", "point_hash", "request_hash", "key")


def profile_options(function: Callable[..., None]) -> Callable[..., None]:
    """Adds the options of a profile. The function gets them as one argument `fields`: those that were named."""

    @functools.wraps(function)
    def gathering(*args: Any, more: tuple[str, ...], bound: str | None, **options: Any) -> None:
        fields = {name: options.pop(name) for name in FIELDS}
        named = {name: value for name, value in fields.items() if value is not None}
        if bound is not None:
            named["bound"] = _bound(bound)
        function(*args, fields=named | values(more, option="--set"), **options)

    for option in reversed(_OPTIONS):
        gathering = option(gathering)
    return gathering


def merged(present: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """The whole profile. Without another strategy, what is not named stays. With another one it is that strategy's
    usual, but for key and bound."""
    changes = "strategy" in fields and fields["strategy"] != present.get("strategy")
    kept = {name: present[name] for name in _LASTING if name in present} if changes else dict(present)
    return kept | dict(fields)


def _bound(text: str) -> float | None:
    if text == "off":
        return None
    try:
        return float(text)
    except ValueError:
        raise click.UsageError(f"--bound {text}: write a number above 1, or off") from None
