"""One running pull of the Docker engine: its messages as they come, and what they say of the layers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http.client import HTTPException
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlencode, urlsplit

import docker
import requests
from docker.auth import encode_header
from docker.utils import parse_repository_tag
from urllib3.exceptions import HTTPError

from balancer.core.image import Progress

Message = Mapping[str, Any]

_BEGUN = ("Pulling fs layer", "Waiting", "Downloading", "Verifying Checksum", "Download complete", "Extracting")
_NOT_LOADED = ("Pulling fs layer", "Waiting")
_DONE = ("Pull complete", "Already exists")
_MOST_AT_ONCE = 1000
"""Messages that are handed on at once."""


class ImagePull:
    """A thread reads what the engine says, because the engine says nothing for as long as the registry does not.

    The engine ends a pull when its connection is closed, so the connection is the pull's own, and its socket is at
    hand to be shut down while the thread waits at it."""

    def __init__(self, api: docker.APIClient, name: str, credentials: Mapping[str, str]) -> None:
        repository, tag = parse_repository_tag(name)
        query = urlencode({"fromImage": repository, "tag": tag or "latest"})
        self._path = f"{urlsplit(api.base_url).path}/v{api.api_version}/images/create?{query}"
        self._headers = {"X-Registry-Auth": encode_header(dict(credentials)).decode()} if credentials else {}
        adapter: Any = api.get_adapter(api.base_url)
        asked = requests.Request("POST", api.base_url).prepare()
        pool = adapter.get_connection_with_tls_context(asked, api.verify, cert=api.cert)
        self._connection = pool._new_conn()
        self._connection.timeout = None
        self._news: SimpleQueue[Message | Exception | None] = SimpleQueue()
        self._is_over = False
        self._connection.connect()
        self._socket = self._connection.sock
        threading.Thread(target=self._read, name="image pull", daemon=True).start()

    def news(self, *, within: float) -> list[Message] | None:
        """The messages since the last call; none where none came within so many seconds. None at the end of the pull.
        Raises the errors of the connection."""
        messages: list[Message] = []
        with suppress(Empty):
            while not self._is_over and len(messages) < _MOST_AT_ONCE:
                said = self._news.get(timeout=0 if messages else within)
                if isinstance(said, Exception):
                    raise said
                if said is None:
                    self._is_over = True
                else:
                    messages.append(said)
        return None if self._is_over and not messages else messages

    def close(self) -> None:
        """Ends the pull where it still runs."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _read(self) -> None:
        try:
            headers = {"Content-Length": "0", **self._headers}
            self._connection.request("POST", self._path, headers=headers, preload_content=False)
            for message in _messages(self._connection.getresponse()):
                self._news.put(message)
            self._news.put(None)
        except (OSError, HTTPException, HTTPError, ValueError) as error:
            self._news.put(OSError(f"the pull broke off: {error}"))
        finally:
            self._connection.close()


def _messages(response: Any) -> Iterator[Message]:
    """The JSON objects of an answer, one a line, as they come."""
    rest = b""
    for part in response.stream(None):
        *lines, rest = (rest + part).split(b"\n")
        yield from (json.loads(line) for line in lines if line.strip())
    if rest.strip():
        yield json.loads(rest)


class Layers:
    """What the messages of a pull say of its layers."""

    def __init__(self) -> None:
        self._done: dict[str, bool] = {}
        self._bytes: dict[str, tuple[int, int]] = {}

    def note(self, message: Message) -> None:
        layer, status = message.get("id", ""), message.get("status", "")
        if not layer or status not in _BEGUN + _DONE:
            return
        self._done[layer] = status in _DONE
        loaded, size = self._bytes.get(layer, (0, 0))
        if status == "Downloading":
            detail = message.get("progressDetail") or {}
            loaded, size = detail.get("current", loaded), detail.get("total", size)
        elif status not in _NOT_LOADED:
            loaded = size
        self._bytes[layer] = loaded, max(loaded, size)

    @property
    def progress(self) -> Progress:
        return Progress(
            layers=len(self._done),
            layers_done=sum(self._done.values()),
            size=sum(size for _, size in self._bytes.values()),
            loaded=sum(loaded for loaded, _ in self._bytes.values()),
        )
