"""The hub as the agent reaches it: over TLS in which both sides show a certificate of the deployment's authority."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from balancer.adapters.edges.wire import HUB_NAME

_READ_AHEAD = 65536
"""Bytes."""
_CONNECT_TIMEOUT = 2.0
"""Seconds for the name, the connection and the handshake."""
_ADDRESS_TIMEOUT = 0.25
"""Seconds after which the name's next address is tried beside the one before, which may be that of a balancer that has
gone."""
_SHUTDOWN_TIMEOUT = 2.0
"""Seconds that the hub may take to say good-bye."""
_LOST_AFTER_MS = 3000
"""Milliseconds without an acknowledgement of what was sent, after which the hub counts as gone."""


@dataclass(frozen=True, slots=True)
class Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def address(self) -> str:
        """The IP address at the other end."""
        return str(self.writer.get_extra_info("peername")[0])


@dataclass(frozen=True, slots=True)
class Hub:
    """`certificates`: the folder of ca.pem, certificate.pem and key.pem."""

    host: str
    port: int
    certificates: Path

    def context(self) -> ssl.SSLContext:
        """Of the files that are there now. Raises OSError."""
        context = ssl.create_default_context(cafile=self.certificates / "ca.pem")
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(self.certificates / "certificate.pem", self.certificates / "key.pem")
        return context

    async def connect(self, context: ssl.SSLContext, address: str = "", *, limit: int = _READ_AHEAD) -> Connection:
        """A connection to that address, or to the one that the host's name has now. `limit`: the longest line that can
        be read, in bytes. Raises OSError."""
        async with asyncio.timeout(_CONNECT_TIMEOUT):
            reader, writer = await asyncio.open_connection(
                address or self.host,
                self.port,
                ssl=context,
                server_hostname=HUB_NAME,
                ssl_shutdown_timeout=_SHUTDOWN_TIMEOUT,
                happy_eyeballs_delay=_ADDRESS_TIMEOUT,
                limit=limit,
            )
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _LOST_AFTER_MS)
        return Connection(reader, writer)
