"""The README's examples, run as they stand there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.deployment import PROJECT, Deployment, base_image
from tests.http_client import ask

README = (PROJECT / "README.md").read_text()
USERS_IMAGE = "ringmaster-test-users-own:1"

pytestmark = [pytest.mark.docker, pytest.mark.terraform]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def console_examples() -> list[tuple[str, str]]:
    """(command, what it prints) in the order of the README."""
    (block,) = blocks("console")
    return [(lines[0], "\n".join(lines[1:])) for part in block.split("$ ")[1:] if (lines := part.splitlines())]


def test_the_curl_lines_print_what_the_readme_says() -> None:
    examples = console_examples()
    assert len(examples) == 3
    with Deployment() as deployment:
        for command, printed in examples:
            words = [word.replace("http://127.0.0.1:5000", deployment.url) for word in shlex.split(command)]
            done = subprocess.run(words, check=True, capture_output=True, text=True)
            assert _any_server(done.stdout.rstrip("\n")) == _any_server(printed)


def _any_server(printed: str) -> str:
    """Which of the three says hello is the ring's business."""
    return re.sub(r"(?<=Hello from Server: )S[123]\b", "S?", printed)


@pytest.fixture
def users_image(tmp_path: Path) -> Iterator[str]:
    """An image that has nothing to do with ours: another port, another heartbeat path, its own user."""
    (tmp_path / "app.py").write_text(
        "import http.server, os\n"
        "class App(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        body = b'well' if self.path == '/healthz' else os.environ['SERVER_ID'].encode()\n"
        "        self.send_response(200)\n"
        "        self.send_header('Content-Length', str(len(body)))\n"
        "        self.end_headers()\n"
        "        self.wfile.write(body)\n"
        "http.server.ThreadingHTTPServer(('', 8080), App).serve_forever()\n"
    )
    # The server's image has Python; a user's own would be built from anything.
    engine = docker.from_env()
    arguments = {"BASE_IMAGE": base_image()}
    python, _ = engine.images.build(path=str(PROJECT / "apps/server"), target="python", buildargs=arguments)
    (tmp_path / "Dockerfile").write_text(
        f'FROM {python.id}\nCOPY app.py /app.py\nUSER 65534\nCMD ["python3", "/app.py"]\n'
    )
    engine.images.build(path=str(tmp_path), tag=USERS_IMAGE, rm=True)
    yield USERS_IMAGE
    engine.images.remove(USERS_IMAGE, force=True)
    engine.close()


def test_an_image_of_ones_own_is_served_with_the_variables_of_the_readme(users_image: str) -> None:
    (line,) = [line for block in blocks("sh") for line in block.splitlines() if "server_image" in line]
    said = next(word.removeprefix("VARS=") for word in shlex.split(line) if word.startswith("VARS="))
    variables = json.loads(said)["ringmaster_variables"]
    with Deployment(**variables | {"server_image": users_image}) as deployment:
        bodies = {ask("GET", deployment.url, "/whatever").body for _ in range(30)}
        assert bodies == {b"S1", b"S2", b"S3"}
