"""Says every ten seconds which task still runs, beside whatever the stdout callback prints."""

from __future__ import annotations

import threading
import time
from typing import Any

from ansible.plugins.callback import CallbackBase  # type: ignore[import-untyped]

DOCUMENTATION = """
    name: progress
    type: notification
    short_description: Says every ten seconds which task still runs
    description:
        - Ansible prints a task's name when it starts and its result when it ends, and nothing in between.
"""

INTERVAL = 10


class CallbackModule(CallbackBase):  # type: ignore[misc]
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "progress"
    CALLBACK_NEEDS_ENABLED = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._task = ""
        self._since = time.monotonic()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._thread = threading.Thread(target=self._tell, daemon=True)
        self._thread.start()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._task, self._since = task.get_name().strip(), time.monotonic()

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._end.set()

    def _tell(self) -> None:
        while not self._end.wait(INTERVAL):
            seconds = time.monotonic() - self._since
            if seconds >= INTERVAL:
                self._display.display(f"  ... still running after {seconds:.0f} s: {self._task}")
