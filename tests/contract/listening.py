"""Listens to what a runtime on the bench tells."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

from tests.contract.runtime_bench import RuntimeBench, joining
from tests.polling import until


@contextmanager
def listening(bench: RuntimeBench) -> Iterator[SimpleQueue[str]]:
    """What the runtime tells from now on; S1 is there. The listener is ended by one more change."""
    heard: SimpleQueue[str] = SimpleQueue()
    enough = threading.Event()

    def listen() -> None:
        for change in bench.runtime.engine_events():
            heard.put(change)
            if enough.is_set():
                return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    until(lambda: bench.stir() or not heard.empty(), "the listener hears something", within=10)
    try:
        yield heard
    finally:
        enough.set()
        bench.runtime.start(joining("S9", 9), bench.release)
        listener.join(timeout=30)
        assert not listener.is_alive()
