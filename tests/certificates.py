"""Certificates for tests: an authority that lasts as long as the test, and what a TLS server shows."""

from __future__ import annotations

import os
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path

import trustme
from cryptography import x509


class Authority:
    """`authority`: trustme's."""

    def __init__(self) -> None:
        self.authority = trustme.CA(key_type=trustme.KeyType.RSA)

    def context(self) -> ssl.SSLContext:
        """Of a client that trusts this authority and nobody else."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context

    def client(self) -> ssl.SSLContext:
        """Of a client that has a certificate of this authority, too."""
        context = self.context()
        self.authority.issue_cert("client@example.org").configure_cert(context)
        return context

    def pair(self, *names: str, ends: datetime | None = None) -> tuple[bytes, bytes]:
        """Certificates in a chain, and their key, as PEM."""
        made = self.authority.issue_cert(*names, not_after=ends, key_type=trustme.KeyType.RSA)
        chain = b"".join(blob.bytes() for blob in made.cert_chain_pems) + self.authority.cert_pem.bytes()
        return chain, made.private_key_pem.bytes()

    def pem(self, *names: str, ends: datetime | None = None) -> bytes:
        """Certificates and key in one text, as HAProxy wants them."""
        return b"".join(self.pair(*names, ends=ends))


def put(file: Path, content: bytes) -> None:
    """Replaces the file at one moment, readable for everybody."""
    new = file.with_name(f".{file.name}.new")
    new.write_bytes(content)
    new.chmod(0o644)
    os.replace(new, file)


def serial(pem: bytes) -> int:
    return x509.load_pem_x509_certificate(pem).serial_number


def shown(address: str, port: int, name: str) -> x509.Certificate:
    """The certificate that a server shows to a client that asks for this host, whoever it is of."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((address, port), timeout=5) as connection,
        context.wrap_socket(connection, server_hostname=name) as tls,
    ):
        der = tls.getpeercert(binary_form=True)
    assert der
    return x509.load_der_x509_certificate(der)


def expires(pem: bytes) -> int:
    """Seconds since 1970."""
    return int(x509.load_pem_x509_certificate(pem).not_valid_after_utc.replace(tzinfo=UTC).timestamp())
