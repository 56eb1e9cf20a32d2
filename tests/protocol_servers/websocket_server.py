"""A WebSocket server for tests, on port 5000: it sends every message back, and says who it is where that is asked.

The message "who" is answered with SERVER_ID, "close CODE" with the end of the connection. A plain GET is answered 200.
It imports nothing of the project, because it runs inside a container."""

import asyncio
import http
import os
import signal

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response


async def echo(peer: ServerConnection) -> None:
    async for message in peer:
        if message == "who":
            await peer.send(os.environ.get("SERVER_ID", ""))
        elif isinstance(message, str) and message.startswith("close "):
            await peer.close(int(message.partition(" ")[2]), "as asked")
        else:
            await peer.send(message)


def heartbeat(peer: ServerConnection, request: Request) -> Response | None:
    return None if "Upgrade" in request.headers else peer.respond(http.HTTPStatus.OK, "well\n")


async def main() -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with serve(echo, "0.0.0.0", 5000, process_request=heartbeat):  # noqa: S104 (a container of its own)
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(main())
