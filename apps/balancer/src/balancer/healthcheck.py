"""The container's own health check: exits with 0 when /readyz says ready, and prints what it says."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

CONTROL_PORT = 5001


def main() -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{CONTROL_PORT}/readyz", timeout=5) as answer:
            print(answer.read().decode())
            return 0
    except urllib.error.HTTPError as error:
        print(error.read().decode())
    except OSError as error:
        print(error)
    return 1


if __name__ == "__main__":
    sys.exit(main())
