"""Ctrl-C of a long run: what it has set up is taken down on the way out."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def interruptible_once(tell: Callable[[], None]) -> None:
    """The first of these signals calls `tell` and is a KeyboardInterrupt. Later ones are ignored: they would also end
    Terraform halfway, which takes things down by then."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        tell()
        raise KeyboardInterrupt

    for number in _SIGNALS:
        signal.signal(number, interrupt)
