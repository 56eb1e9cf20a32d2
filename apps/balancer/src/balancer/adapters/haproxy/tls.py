"""TLS at the edge: its options, the words of HAProxy's configuration for it, and certificates as HAProxy shows them."""

from __future__ import annotations

import re
from calendar import timegm
from dataclasses import dataclass
from time import strptime

from balancer.core.certificate import Certificate

CERTIFICATES = "/tmp/tls"  # noqa: S108 (in the edge's container, where only HAProxy's user writes)
"""Where the edge's container keeps the certificates that it found good."""
_CLIENT_CA = "/run/tls-client-ca.pem"

# Mozilla's intermediate profile, guideline 5.7, but with session tickets, and without DHE: all its clients know ECDHE,
# and with DHE a client makes the server compute much for little.
CURVES = "X25519:prime256v1:secp384r1"
CIPHERS = ":".join(
    [
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
    ]
)
CIPHERSUITES = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"

_FIELD = re.compile(r"^(Filename|Status|Serial|notAfter|Subject Alternative Name|Subject): *(.*)$", re.MULTILINE)
_NAME = re.compile(r"DNS:([^,\s]+)")
_COMMON_NAME = re.compile(r"/CN=([^/]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """`port`: where clients find HTTPS; a redirect names it. `redirect`: plain HTTP is answered with one. `client_ca`:
    clients of the public port need a certificate. `control`: the control port speaks TLS, too."""

    port: int
    redirect: bool
    client_ca: bool
    control: bool

    @property
    def public_bind(self) -> str:
        """The words of the public port's bind line."""
        verify = f" verify required ca-file {_CLIENT_CA}" if self.client_ca else ""
        return f"ssl crt {CERTIFICATES} alpn h2,http/1.1{verify}"

    @property
    def control_bind(self) -> str:
        """The words of the control port's bind line, empty where it speaks no TLS. Its clients show a token, and no
        certificate."""
        return f"ssl crt {CERTIFICATES} alpn http/1.1" if self.control else ""

    @property
    def authority_port(self) -> str:
        """What stands behind the host in a URL."""
        return "" if self.port == 443 else f":{self.port}"


def certificate(shown: str) -> Certificate | None:
    """The certificate of an answer to `show ssl cert FILE`; None where it is in no use."""
    fields = dict(_FIELD.findall(shown))
    if fields.get("Status") != "Used" or "notAfter" not in fields:
        return None
    names = _NAME.findall(fields.get("Subject Alternative Name", "")) or _COMMON_NAME.findall(fields.get("Subject", ""))
    return Certificate(
        file=fields["Filename"].rpartition("/")[2],
        names=tuple(names),
        serial=fields.get("Serial", ""),
        expires=timegm(strptime(fields["notAfter"], "%b %d %H:%M:%S %Y %Z")),
    )
