"""Says after three seconds, and then every ten, which task runs, beside whatever the stdout callback prints."""

from __future__ import annotations

import threading
import time
from typing import Any

from ansible.plugins.callback import CallbackBase  # type: ignore[import-untyped]

DOCUMENTATION = """
    name: progress
    type: notification
    short_description: Says after three seconds, and then every ten, which task runs
    description:
        - Ansible itself says nothing about a task while it runs, and with skipped tasks hidden not even its name.
"""

FIRST, INTERVAL = 3, 10
COLLECTION = "ringmaster.infra."


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

    def v2_playbook_on_start(self, playbook: Any) -> None:
        threading.Thread(target=self._tell, daemon=True).start()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._task, self._since = task.get_name().strip().removeprefix(COLLECTION), time.monotonic()

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._end.set()

    def _tell(self) -> None:
        while not self._end.wait(1):
            seconds = int(time.monotonic() - self._since)
            if seconds == FIRST:
                self._display.display(f"  ... {self._task}")
            elif seconds and seconds % INTERVAL == 0:
                self._display.display(f"  ... still running after {seconds} s: {self._task}")
