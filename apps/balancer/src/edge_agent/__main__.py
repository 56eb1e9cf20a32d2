"""Starts the agent with the settings in its environment. It ends at SIGTERM."""

from __future__ import annotations

import asyncio
import logging.config
import os
import signal
from contextlib import suppress
from pathlib import Path

from balancer.logs import configuration
from edge_agent.agent import Agent
from edge_agent.hub import Hub


def main() -> None:
    """RINGMASTER_NODE: the name of the Swarm node. RINGMASTER_HUB: host:port of the hub. RINGMASTER_EDGE_CERTIFICATES:
    the folder of ca.pem, certificate.pem, key.pem. RINGMASTER_EDGE_DIR: HAProxy's folder."""
    told = os.environ
    logging.config.dictConfig(configuration(told.get("RINGMASTER_LOG_LEVEL", "info")))
    host, _, port = told["RINGMASTER_HUB"].rpartition(":")
    hub = Hub(host, int(port), Path(told.get("RINGMASTER_EDGE_CERTIFICATES", "/run/edges")))
    directory = Path(told.get("RINGMASTER_EDGE_DIR", "/run/ringmaster"))
    with suppress(asyncio.CancelledError):
        asyncio.run(_run(Agent(node=told["RINGMASTER_NODE"], hub=hub, directory=directory)))


async def _run(agent: Agent) -> None:
    running = asyncio.ensure_future(agent.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    await running


if __name__ == "__main__":
    main()
