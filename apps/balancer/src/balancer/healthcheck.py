"""The health check of the balancer's container: prints the answer of /readyz, and exits with 0 when it is 200."""

from __future__ import annotations

import http.client
import sys

from balancer.listeners import CONTROL_PORT


def main() -> int:
    connection = http.client.HTTPConnection("127.0.0.1", CONTROL_PORT, timeout=5)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        print(answer.read().decode())
    except OSError as error:
        print(error)
        return 1
    finally:
        connection.close()
    return 0 if answer.status == http.client.OK else 1


if __name__ == "__main__":
    sys.exit(main())
