"""The health check of the balancer's container: prints the answer of /readyz, or of the path that it is called with,
and exits with 0 when it is 200."""

from __future__ import annotations

import http.client
import socket
import sys

from balancer.listeners import HEALTH_SOCKET

PATIENCE = 15.0
"""Seconds for each step of the question. Less than Docker Swarm has; on one engine Docker ends the check before."""


def main(path: str = "/readyz") -> int:
    connection = http.client.HTTPConnection("localhost")
    try:
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(PATIENCE)
        connection.sock.connect(HEALTH_SOCKET)
        connection.request("GET", path)
        answer = connection.getresponse()
        print(answer.read().decode())
    except OSError as error:
        print(error)
        return 1
    finally:
        connection.close()
    return 0 if answer.status == http.client.OK else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
