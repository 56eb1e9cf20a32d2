"""The agent: it holds a stream to the hub, and opens another one whenever that ends."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from balancer.adapters.edges.wire import LONGEST_LINE
from edge_agent.hub import Connection, Hub
from edge_agent.stream import Nonsense, Stream
from edge_agent.tunnels import Tunnels
from edge_agent.work import Work

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0
"""Seconds between the end of a stream and the next one. They grow while no stream lasts."""

_log = logging.getLogger("edge_agent")


class Agent:
    """`node`: the name of this Swarm node. `directory`: HAProxy's folder."""

    def __init__(self, *, node: str, hub: Hub, directory: Path) -> None:
        self._node = node
        self._hub = hub
        self._directory = directory

    async def run(self) -> None:
        """For ever, until it is cancelled."""
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def has_changed() -> None:
            loop.call_soon_threadsafe(changed.set)

        work = Work(self._directory, has_changed)
        await asyncio.to_thread(work.start)
        tunnels = Tunnels(self._directory)
        tunnels.close()  # an agent before this one may have left its sockets
        pause, said = FIRST_PAUSE, ""
        try:
            while True:
                began = loop.time()
                reason = await self._hold(work, changed, tunnels)
                has_lasted = loop.time() - began > LONGEST_PAUSE
                pause = FIRST_PAUSE if has_lasted else min(2 * pause, LONGEST_PAUSE)
                if has_lasted or reason != said:
                    _log.warning("no stream to the hub", extra={"reason": reason})
                said = reason
                await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 (so that not all edges come at once)
        finally:
            await asyncio.to_thread(work.stop)

    async def _hold(self, work: Work, changed: asyncio.Event, tunnels: Tunnels) -> str:
        """Holds one stream until it ends. Returns why it ended."""
        opening: asyncio.Task[None] | None = None
        try:
            context = self._hub.context()
            connection = await self._hub.connect(context, limit=LONGEST_LINE)
            stream = Stream(connection, work, changed)
            # The tunnels lead to the very balancer that the stream leads to.
            connect = partial(self._hub.connect, context, connection.address)
            opening = asyncio.create_task(_open(tunnels, stream, connect))
            await stream.run(self._node)
        except OSError as error:
            return str(error) or repr(error)
        except Nonsense as error:
            return f"the hub says what this agent does not know: {error}"
        else:
            return "the hub closed it"
        finally:
            if opening:
                opening.cancel()
            tunnels.close()


async def _open(tunnels: Tunnels, stream: Stream, connect: Callable[[], Awaitable[Connection]]) -> None:
    await stream.accepted.wait()
    _log.info("the hub is there")
    try:
        await tunnels.open(connect)
    except OSError as error:
        _log.error("no way to the balancer", extra={"reason": str(error)})
