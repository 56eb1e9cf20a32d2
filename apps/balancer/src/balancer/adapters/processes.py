"""The processes of a container, as ps shows them: whether a signal has stopped those that answer."""

from __future__ import annotations

from collections.abc import Sequence

PS = "-o pid,ppid,stat,comm"
"""The arguments of ps for the rows that `all_stopped` reads."""

_INITS = ("docker-init", "tini")
"""The commands of first processes that only start the application and wait for its end."""


def all_stopped(rows: Sequence[Sequence[str]], *, first: str) -> bool:
    """Whether a signal has stopped the first process; where that is an init, whether all its children are stopped.
    `rows`: pid, ppid, state and command of every process. `first`: the pid of the first process."""
    states = {pid: state for pid, _, state, _ in rows}
    commands = {pid: command for pid, _, _, command in rows}
    if commands.get(first) not in _INITS:
        return states.get(first, "").startswith("T")
    children = [state for _, parent, state, _ in rows if parent == first]
    return bool(children) and all(state.startswith("T") for state in children)
