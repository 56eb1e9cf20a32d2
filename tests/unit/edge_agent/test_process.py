"""The agent's process: its image has no more packages than it loads, and nothing makes configurations in it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.deployment import PROJECT
from tests.hub_stand_in import HubStandIn
from tests.polling import until

LOADED = "import sys, edge_agent.__main__; print(*sorted(sys.modules))"


def test_it_loads_only_the_packages_that_its_image_has() -> None:
    run = subprocess.run(
        [sys.executable, "-S", "-c", LOADED.replace("import sys,", f"import sys; sys.path[:] = {sys.path!r}; import")],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(run.stdout.split())
    others = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names) - {"__main__"}
    assert others == {"balancer", "edge_agent", "xxhash"}
    assert not loaded & {"balancer.settings", "balancer.bootstrap", "balancer.adapters.haproxy.config"}
    dockerfile = (PROJECT / "apps" / "balancer" / "edge.Dockerfile").read_text()
    assert re.findall(r"/opt/packages/(\w+)\*", dockerfile) == ["xxhash"]


def test_the_stages_of_the_images_are_the_same_so_that_the_cache_has_them() -> None:
    texts = [(PROJECT / "apps" / "balancer" / name).read_text() for name in ("Dockerfile", "edge.Dockerfile")]
    shared = [text[text.index("FROM ${BASE_IMAGE} AS python") : text.index('"$@"\n')] for text in texts]
    assert shared[0] == shared[1]


def test_it_takes_its_settings_from_the_environment_and_ends_at_sigterm(
    hub: HubStandIn, folder: Path, start_agent: object
) -> None:
    environment = {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "RINGMASTER_NODE": "node-7",
        "RINGMASTER_HUB": f"localhost:{hub.port}",
        "RINGMASTER_EDGE_CERTIFICATES": str(folder / "certificates"),
        "RINGMASTER_EDGE_DIR": str(folder / "edge"),
    }
    with subprocess.Popen([sys.executable, "-m", "edge_agent"], env=environment, stderr=subprocess.PIPE) as process:
        assert hub.stream.node == "node-7"
        until((folder / "edge" / "control.sock").exists, "it listens", within=10)
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
    assert process.returncode == 0
    assert b"Traceback" not in log, log.decode()
    assert not [*(folder / "edge").glob("*.sock")]
