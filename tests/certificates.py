"""Certificates for tests: an authority that lasts as long as the test, and what a TLS server shows."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp


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

    def ocsp(self, pem: bytes, ends: datetime) -> bytes:
        """This authority's word, in DER, that the certificate is good until `ends`."""
        issuer = x509.load_pem_x509_certificate(self.authority.cert_pem.bytes())
        key = serialization.load_pem_private_key(self.authority.private_key_pem.bytes(), password=None)
        begins = min(datetime.now(UTC), ends) - timedelta(hours=1)
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=x509.load_pem_x509_certificate(pem),
            issuer=issuer,
            algorithm=hashes.SHA1(),  # noqa: S303 (it names the issuer, as clients expect)
            cert_status=ocsp.OCSPCertStatus.GOOD,
            this_update=begins,
            next_update=ends,
            revocation_time=None,
            revocation_reason=None,
        )
        signed = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer).sign(key, hashes.SHA256())  # type: ignore[arg-type]
        return signed.public_bytes(serialization.Encoding.DER)

    def pem(self, *names: str, ends: datetime | None = None) -> bytes:
        """Certificates and key in one text, as HAProxy wants them."""
        return b"".join(self.pair(*names, ends=ends))


def put_edge_certificates(folder: Path, authority: trustme.CA, name: str) -> Path:
    """The folder with ca.pem, certificate.pem and key.pem, as the hub and the agents of edges have one each."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    made = authority.issue_cert(name)
    put(folder / "ca.pem", authority.cert_pem.bytes())
    put(folder / "certificate.pem", b"".join(blob.bytes() for blob in made.cert_chain_pems))
    put(folder / "key.pem", made.private_key_pem.bytes())
    return folder


def put(file: Path, content: bytes) -> None:
    """Replaces the file at one moment, readable for everybody."""
    new = file.with_name(f".{file.name}.new")
    new.write_bytes(content)
    new.chmod(0o644)
    new.replace(file)


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
