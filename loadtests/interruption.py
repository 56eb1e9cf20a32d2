"""Ctrl-C of a long run: what it has set up is taken down on the way out."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def interruptible_once(message: str) -> None:
    """The first of these signals writes the message to standard error and is a KeyboardInterrupt. Later ones are
    ignored: they would also end Terraform halfway, which takes things down by then. The message goes past Python's
    buffer: the program may just be writing to that, and then `print` is an error."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        os.write(sys.stderr.fileno(), f"{message}\n".encode())
        raise KeyboardInterrupt

    for number in _SIGNALS:
        signal.signal(number, interrupt)
