"""What is counted: who takes part, and with which configuration. Nothing is started here.

All have one thread, servers on loopback, and no checks of servers: what happens by the clock would count as requests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from balancer.adapters.haproxy.edge_files import EdgeFiles
from balancer.adapters.haproxy.tls import CERTIFICATES, Tls
from loadtests.bench.contestants import CONTESTANTS
from loadtests.bench.rendered import NAMES, rendered

FOLDER = "/run/ringmaster"
"""Where the files are in the container. Beside those of `Counted` it has certificate.pem."""
PORT, TLS_PORT = 5000, 5443
SERVERS = {name: 6001 + number for number, name in enumerate(NAMES)}
"""Server → its port on loopback."""

_IMAGE = Path(__file__).parent / "image"
_CERTIFICATE = f"{FOLDER}/certificate.pem"
_USUAL, _LARGE = 8192, 16384
_HAPROXY = ("haproxy", "-db", "-f", f"{FOLDER}/proxy.conf")
_NGINX = ("nginx", "-e", "stderr", "-c", f"{FOLDER}/proxy.conf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """`files`: name → text, in FOLDER. `variant`: plain (no key), keyed, bounded, tls; with a key and larger buffers
    16k; with small ones for requests that may have to be repeated, small and 16k-small."""

    name: str
    variant: str
    command: tuple[str, ...]
    files: Mapping[str, str]

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{TLS_PORT}/home" if self.variant == "tls" else f"http://127.0.0.1:{PORT}/home"


def counted(*, has_small_buffers: bool = False) -> Iterator[Counted]:
    """`has_small_buffers`: whether this HAProxy knows them, as 3.4 does."""
    yield _edge("plain", rendered(bufsize=_USUAL, key="random", addresses=_ADDRESSES))
    yield _edge("keyed", rendered(bufsize=_USUAL, addresses=_ADDRESSES))
    yield _edge("bounded", rendered(bufsize=_USUAL, bound=Fraction(5, 4), addresses=_ADDRESSES))
    yield _edge("16k", rendered(bufsize=_LARGE, addresses=_ADDRESSES))
    if has_small_buffers:
        yield _with_small_buffers(_edge("small", rendered(bufsize=_USUAL, addresses=_ADDRESSES)))
        yield _with_small_buffers(_edge("16k-small", rendered(bufsize=_LARGE, addresses=_ADDRESSES)))
    yield _edge("tls", rendered(bufsize=_LARGE, tls=_TLS, addresses=_ADDRESSES))
    keyed = _loopback((_IMAGE / "haproxy.cfg").read_text(encoding="utf-8"))
    by_hash = "    balance hash req.fhdr(X-User)\n    hash-type consistent\n"
    yield _rival("plain", keyed.replace(by_hash, "    balance roundrobin\n"))
    yield _rival("keyed", keyed)
    yield _rival("bounded", keyed.replace(by_hash, f"{by_hash}    hash-balance-factor 125\n"))
    bind = f"    bind :{TLS_PORT} tcp-ut 15m ssl crt {_CERTIFICATE} alpn h2,http/1.1\n"
    yield _rival("tls", _with_large_buffers(keyed).replace("frontend public\n", f"frontend public\n{bind}"))
    keyed = _loopback((_IMAGE / "nginx.conf").read_text(encoding="utf-8")).replace("daemon off;", _ONE_PROCESS)
    yield _nginx("plain", keyed.replace("        hash $http_x_user consistent;\n", ""))
    yield _nginx("keyed", keyed)
    listen = f"listen {TLS_PORT} ssl; ssl_certificate {_CERTIFICATE}; ssl_certificate_key {_CERTIFICATE};"
    yield _nginx("tls", keyed.replace("listen 5000 backlog=4096;", f"listen 5000 backlog=4096; {listen}"))


_TLS = Tls(port=443, redirect=False, client_ca=False, control=False)
_ADDRESSES = tuple(f"127.0.0.1:{port}" for port in SERVERS.values())
_ONE_PROCESS = "daemon off;\nmaster_process off;"


def _edge(variant: str, files: EdgeFiles) -> Counted:
    text = _quiet(files.configuration).replace(f"crt {CERTIFICATES} ", f"crt {_CERTIFICATE} ")
    maps = {"slots.map": "\n".join(files.slots_map) + "\n"}
    return Counted(name="edge", variant=variant, command=_HAPROXY, files={"proxy.conf": text, **maps})


def _with_small_buffers(edge: Counted) -> Counted:
    text = edge.files["proxy.conf"]
    text = text.replace("\nbackend fleet\n", "\nbackend fleet\n    option use-small-buffers l7-retries\n", 1)
    return replace(edge, files={**edge.files, "proxy.conf": text})


def _rival(variant: str, text: str) -> Counted:
    return Counted(name="haproxy", variant=variant, command=_HAPROXY, files={"proxy.conf": _quiet(text)})


def _nginx(variant: str, text: str) -> Counted:
    return Counted(name="nginx", variant=variant, command=_NGINX, files={"proxy.conf": text})


def _quiet(text: str) -> str:
    rarely = re.sub(r"\b(inter|fastinter|downinter) \w+", r"\1 1h", text)
    return rarely.replace("global\n", "global\n    nbthread 1\n", 1)


def _loopback(text: str) -> str:
    return re.sub(r"\b(S\d):5000", lambda found: f"127.0.0.1:{SERVERS[found[1]]}", text)


def _with_large_buffers(text: str) -> str:
    """As the command of `haproxy-16k` makes them."""
    for old, new in re.findall("s/([^/]+)/([^/]+)/", " ".join(CONTESTANTS["haproxy-16k"].command)):
        text = text.replace(old, new)
    return text
