"""The protocols that a server can speak."""

from __future__ import annotations

HTTP = "http"
"""HTTP/1.1."""
H2C = "h2c"
"""HTTP/2 without TLS, from the first byte on (RFC 9113, 3.3)."""
PROTOCOLS = (HTTP, H2C)

H2_BUFSIZE = 16384
"""Bytes of the edge's buffers from which on it speaks HTTP/2, with clients and servers. HAProxy takes no frame that is
longer than its buffer, and nobody may announce a shorter frame than this as the longest one (RFC 9113, 6.5.2)."""
