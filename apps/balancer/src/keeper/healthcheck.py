"""The health check of the keeper's container: prints the answer to a call, and exits with 0 when there is one."""

from __future__ import annotations

import socket
import sys

PATIENCE = 15.0
"""Seconds for each step of the question. Less than Docker Swarm has; on one engine Docker ends the check before."""


def main(path: str) -> int:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        try:
            connection.connect(path)
            connection.sendall(b'{"verb":"observe"}\n')
            answer = connection.recv(64)
        except OSError as error:
            print(error)
            return 1
    print(answer.decode())
    return 0 if answer else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
