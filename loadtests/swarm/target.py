"""The deployment that is loaded: is it up, and what does its ring promise?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import urllib3

from loadtests.swarm.ring import Ring

_TIMEOUT = 5.0
_ON_THE_RING = ("serving", "silent", "down")


class NotUp(Exception):
    """Nothing can be measured; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """`url` is the public side, `control_url` the control port; `token` where the deployment has one."""

    url: str
    control_url: str
    token: str = field(default="", repr=False)

    @property
    def authorization(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def check(self) -> None:
        """Raises NotUp unless the deployment serves, is ready, lets us in, and both URLs are of the same one."""
        replicas = self._replicas()
        ready = self._operate("/readyz")
        health = self._document(ready, self.control_url, "/readyz")
        try:
            if ready.status != HTTPStatus.OK:
                raise NotUp(f"the deployment at {self.control_url} is not ready: {health['ailments']}")
            served = health["replicas"]
        except (KeyError, TypeError) as error:
            raise NotUp(f"{self.control_url}/readyz is no control port's answer: say --control-url") from error
        if sorted(served) != sorted(replicas):
            raise NotUp(
                f"{self.url} has the servers {replicas}, {self.control_url} has {served}: "
                "say both --host and --control-url of one deployment"
            )

    def ring(self) -> Ring:
        """Raises NotUp."""
        answer = self._operate("/ring")
        try:
            return Ring.parse(self._document(answer, self.control_url, "/ring"))
        except (KeyError, TypeError) as error:
            raise NotUp(f"{self.control_url}/ring answers {answer.status}: {answer.data[:200]!r}") from error

    def drawing(self) -> Mapping[str, Any]:
        """What the drawing of the ring shows. Raises NotUp."""
        ring, slots, points = (
            self._document(self._operate(path), self.control_url, path)
            for path in ("/ring", "/ring/slots", "/ring/points")
        )
        try:
            return {
                "servers": [
                    {"hostname": server["hostname"], "state": server["state"]}
                    for server in ring["servers"]
                    if server["state"] in _ON_THE_RING
                ],
                "owners": slots["owners"],
                "answering": slots["answering"],
                "points": points["points"],
            }
        except (KeyError, TypeError) as error:
            raise NotUp(f"{self.control_url} tells no ring that can be drawn") from error

    def _replicas(self) -> list[str]:
        answer = self._get(self.url, "/rep", {}, advice="`make up` first, or say --host")
        document = self._document(answer, self.url, "/rep")
        try:
            return list(document["message"]["replicas"])
        except (KeyError, TypeError) as error:
            raise NotUp(
                f"{self.url}/rep answers {answer.status}: {answer.data[:200]!r}: `make up` first, or say --host"
            ) from error

    def _operate(self, path: str) -> urllib3.BaseHTTPResponse:
        answer = self._get(self.control_url, path, self.authorization, advice="say --control-url")
        if answer.status == HTTPStatus.UNAUTHORIZED:
            wrong = "does not know this token" if self.token else "wants the deployment's token"
            raise NotUp(f"{self.control_url} {wrong}: RINGMASTER_TOKEN=… locust …, or say --token")
        return answer

    @staticmethod
    def _get(base: str, path: str, headers: Mapping[str, str], *, advice: str) -> urllib3.BaseHTTPResponse:
        wrong = f"{base!r} is no URL such as http://127.0.0.1:5000: {advice}"
        if not base.startswith(("http://", "https://")):
            raise NotUp(wrong)
        try:
            return urllib3.request("GET", base + path, headers=headers, retries=False, timeout=_TIMEOUT)
        except urllib3.exceptions.LocationValueError as error:
            raise NotUp(wrong) from error
        except urllib3.exceptions.HTTPError as error:
            raise NotUp(f"nobody answers at {base}: {advice} ({str(error).rpartition(': ')[2]})") from error

    @staticmethod
    def _document(answer: urllib3.BaseHTTPResponse, base: str, path: str) -> Any:
        try:
            return answer.json()
        except ValueError as error:
            raise NotUp(f"{base}{path} answers {answer.status} without JSON: is that Ringmaster?") from error
