"""Servers that come and go under the traffic."""

from __future__ import annotations

import logging
import secrets
from http import HTTPStatus
from typing import Any

from gevent.pool import Group
from locust import between, events, task

from loadtests.swarm.users import RingUser

_restoring = Group()


class MembershipUser(RingUser):
    """One, however many users there are: adds a server, removes it a while later, and again. When the test stops it
    removes what it added, so that the fleet is as before."""

    only_if_named = True
    fixed_count = 1
    wait_time = between(2, 6)
    added = ""
    """The server's name, from before it is asked for: the answer may be lost."""

    @task
    def change(self) -> None:
        if self.added:
            self._remove()
        else:
            self._add()

    def on_stop(self) -> None:
        if self.added:
            _restoring.spawn(self._restore)  # neither killed nor waited for by a worker's last report

    def _restore(self) -> None:
        self._remove()
        if self.added:
            logging.error("the server %s is left behind: remove it with DELETE /rm", self.added)

    def _add(self) -> None:
        self.added = f"swarm-{secrets.token_hex(3)}"
        answer = self.client.post("/add", json=self._one(), headers=dict(self.authorization))
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            self.added = ""

    def _remove(self) -> None:
        answer = self.client.delete("/rm", json=self._one(), headers=dict(self.authorization))
        if answer.status_code in (HTTPStatus.OK, HTTPStatus.BAD_REQUEST):  # gone, or never there
            self.added = ""

    def _one(self) -> dict[str, Any]:
        return {"n": 1, "hostnames": [self.added]}


@events.quitting.add_listener
def _until_restored(**_: Any) -> None:
    _restoring.join()
