"""The servers of a preview, as the option --servers writes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from ringmaster.key_value import texts

_OPTION = "--servers"


def members(text: str, present: Sequence[str]) -> dict[str, int] | list[str]:
    """hostname → weight, or hostnames with their present weights. A number stands for so many servers: the `present`
    ones, and newcomers behind them. Raises click.UsageError."""
    names = [part.strip() for part in text.split(",") if part.strip()]
    if len(names) == 1 and names[0].isdecimal():
        return _first(int(names[0]), present)
    if not any("=" in name for name in names):
        return names
    if not all("=" in name for name in names):
        raise click.UsageError(f"{_OPTION}: give all of them a weight, S1=1,S2=2, or none of them, S1,S2")
    return {name: _weight(name, weight) for name, weight in texts(names, option=_OPTION).items()}


def _first(count: int, present: Sequence[str]) -> list[str]:
    newcomers = _free(present)
    return [*present[:count], *(next(newcomers) for _ in range(count - len(present)))]


def _free(present: Sequence[str]) -> Iterator[str]:
    taken = {name.lower() for name in present}
    number = 1
    while True:
        if f"s{number}" not in taken:
            yield f"S{number}"
        number += 1


def _weight(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise click.UsageError(f"{_OPTION}: the weight of {name} must be an integer from 0 to 256") from None
