"""Planned changes lose nothing: /add and /rm in turns under steady load, on a running deployment.

python loadtests/fleet/cycles.py --count 50
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).parents[2]))
from loadtests import traffic


def change(session: requests.Session, method: str, url: str) -> float:
    """Seconds until one server more or fewer is answered."""
    began = time.monotonic()
    answer = session.request(method, url, json={"n": 1}, timeout=120)
    if answer.status_code != requests.codes.ok:
        sys.exit(f"{method} {url} answers {answer.status_code}: {answer.text}")
    return time.monotonic() - began


def row(name: str, seconds: list[float]) -> str:
    return f"| {name} | {len(seconds)} | {statistics.median(seconds):.2f} s | {max(seconds):.2f} s |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:5000", help="public side (default: %(default)s)")
    parser.add_argument("--token", default="", help="where the deployment has one")
    parser.add_argument("--count", type=int, default=50, help="cycles (default: %(default)s)")
    arguments = parser.parse_args()
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {arguments.token}"
    added, removed = [], []
    try:
        with traffic.background(f"{arguments.url}/home", concurrency=4) as outcome:
            for number in range(1, arguments.count + 1):
                added.append(change(session, "POST", f"{arguments.url}/add"))
                removed.append(change(session, "DELETE", f"{arguments.url}/rm"))
                print(f"{number}/{arguments.count}: {outcome}", file=sys.stderr)
    except requests.ConnectionError:
        sys.exit(f"nobody answers at {arguments.url}: `make up` first, or say --url")
    print("| | count | median | max |\n|---|---|---|---|")
    print(row("`/add`", added))
    print(row("`/rm`", removed))
    print(f"\n{outcome}")
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    sys.exit(main())
