"""The names in haproxy.cfg by which a running HAProxy is asked."""

from __future__ import annotations

AGAIN = "_again"
"""The server that is none, in the backend fleet: the way of a request that is to be repeated. No hostname begins so."""
AGAIN_ID = 1
"""Its number in the statistics."""

EXPORTER = "exporter.sock"
"""The socket of HAProxy's exporter in the edge's folder. No TCP port leads to it."""

KEYLESS_TABLE = "keyless"
TRAFFIC_TABLE = "traffic"
