"""Registries for tests: a private one that works, and one that never gives an answer."""

from __future__ import annotations

import base64
import io
import json
import secrets
import tarfile
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import docker
from docker.models.containers import Container

from tests.containers import remove
from tests.deployment import base_image, free_ports
from tests.http_client import ask
from tests.polling import until

USER = "stranger"
_BLOBS = "/var/lib/registry/docker/registry/v2/blobs/sha256"
_DOCKERFILE = f"""
FROM {{base}}
RUN apt-get update \\
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends docker-registry apache2-utils \\
    && rm -rf /var/lib/apt/lists/*
COPY config.json /config.json
CMD htpasswd -Bbc /htpasswd {USER} "$PASSWORD" && exec docker-registry serve /config.json
"""
_CONFIG = {
    "version": 0.1,
    "log": {"level": "warn"},
    "storage": {"filesystem": {"rootdirectory": "/var/lib/registry"}},
    "http": {"addr": ":5000"},
    "auth": {"htpasswd": {"realm": "private", "path": "/htpasswd"}},
}


class Registry:
    """In `with Registry() as registry:` a private registry listens at `address`, which the engine trusts without TLS.
    `password` is that of USER, and nobody else is let in. `bridge`: an address of this machine at which others find it,
    with the same port."""

    def __init__(self, *, bridge: str = "") -> None:
        self.password = secrets.token_hex(12)
        self.engine = docker.from_env()
        self.address = f"127.0.0.1:{free_ports(1)[0]}"
        self.bridge = bridge and self.address.replace("127.0.0.1", bridge)
        self._name = f"test-registry-{secrets.token_hex(3)}"
        self._container: Container | None = None
        self._made = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._start()
            until(self._answers, f"the registry {self.address} answers", within=30)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._made.close()

    def _start(self) -> None:
        self._made.callback(self.engine.close)
        context = archive({"Dockerfile": _DOCKERFILE.format(base=base_image()), "config.json": json.dumps(_CONFIG)})
        image, _ = self.engine.images.build(fileobj=context, custom_context=True, tag=self._name, forcerm=True)
        self._made.callback(self.engine.images.remove, self._name, noprune=True)
        places = [(address, int(port)) for address, port in (place.split(":") for place in self._places)]
        self._container = self.engine.containers.create(
            image.id, name=self._name, environment={"PASSWORD": self.password}, ports={"5000/tcp": places}
        )
        self._made.callback(remove, self._container)
        self._container.start()

    def push(self, image: str, name: str) -> str:
        """Pushes an image of the engine under this name, and gives the name back to whatever had it on the engine.
        Returns the whole name."""
        return self._push(image, name)[0]

    def publish(self, image: str, name: str) -> str:
        """The same. Returns the reference by digest."""
        return self._push(image, name)[1]

    def _push(self, image: str, name: str) -> tuple[str, str]:
        whole = f"{self.address}/{name}"
        before = self._content(whole)
        found = self.engine.images.get(image)
        found.tag(whole)
        told = self.engine.api.push(whole, auth_config={"username": USER, "password": self.password}, stream=True)
        for line in (json.loads(line) for part in told for line in part.splitlines()):
            assert "error" not in line, line
        repository = whole.rpartition(":")[0]
        digests = self.engine.images.get(whole).attrs["RepoDigests"]
        reference = next(digest for digest in digests if digest.startswith(f"{repository}@"))
        self.engine.images.remove(whole, noprune=True)
        if before:
            self.engine.images.get(before).tag(whole)
        return whole, reference

    def config(self, **others: Any) -> str:
        """The text of a Docker config.json with the credentials."""
        auth = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
        return json.dumps({"auths": {place: {"auth": auth} for place in self._places}} | others)

    def spoil(self, size: int = 1_000_000) -> None:
        """Changes every blob of more than `size` bytes, so that a pull of it breaks off at its end."""
        for file in self._run(f"find {_BLOBS} -name data -size +{size}c").split():
            self._run(f"printf spoilt | dd of={file} bs=1 seek=99 conv=notrunc")

    def stop(self) -> None:
        assert self._container is not None
        self._container.stop(timeout=1)

    @property
    def _places(self) -> list[str]:
        return [place for place in (self.address, self.bridge) if place]

    def _content(self, name: str) -> str:
        try:
            return str(self.engine.images.get(name).id)
        except docker.errors.ImageNotFound:
            return ""

    def _run(self, command: str) -> str:
        assert self._container is not None
        code, output = self._container.exec_run(["sh", "-c", command])
        assert code == 0, output
        return str(output.decode())

    def _answers(self) -> bool:
        try:
            return ask("GET", f"http://{self.address}", "/v2/", timeout=5).status == 401
        except OSError:
            return False


class SilentRegistry:
    """A registry that says that it is one, and then never answers. `asked`: whether an engine waits for it."""

    def __init__(self) -> None:
        registry = self
        self.asked = threading.Event()
        self._over = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            default_request_version = "HTTP/1.0"
            """Of an answer to what is no HTTP: so an engine that tries TLS first sees that there is none."""

            def do_HEAD(self) -> None:
                self.do_GET()

            def do_GET(self) -> None:
                if self.path == "/v2/":
                    self.send_response(200)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                else:
                    registry.asked.set()
                    registry._over.wait()
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Prints nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()


def archive(files: dict[str, str | bytes]) -> io.BytesIO:
    """A build context with these files."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name, text in files.items():
            data = text.encode() if isinstance(text, str) else text
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    content.seek(0)
    return content


def write_config(folder: Path, text: str) -> Path:
    """A config.json in a folder that the keeper can read."""
    folder.chmod(0o755)
    file = folder / "config.json"
    file.write_text(text)
    file.chmod(0o644)
    return file
