"""Lets unmodified clients with fixed hosts reach a stand-in: a certificate authority of our own and a CONNECT proxy.

A client is pointed here by its environment alone: `HTTPS_PROXY=<url>`, `REQUESTS_CA_BUNDLE=<ca>` (Python),
`NODE_EXTRA_CA_CERTS=<ca>` (Node). No root rights, no hosts file. A host that is not stood in for is refused, so nothing
leaves the machine by mistake.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tieout.sandbox import server
from tieout.sandbox.world import World

XERO_HOSTS = (
    "login.xero.com",
    "identity.xero.com",
    "api.xero.com",
    "go.xero.com",
    "status.xero.com",
    "status.developer.xero.com",
)
VALID_DAYS = 30
HEAD_MOST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Proxied:
    """A stand-in behind a proxy: what goes into HTTPS_PROXY, and the file with the authority to trust."""

    url: str
    authority: Path


@contextmanager
def proxied(world: World, folder: Path, hosts: Sequence[str] = XERO_HOSTS) -> Iterator[Proxied]:
    """The world under its real host names while the block runs. Writes the authority and a key into the folder."""
    authority, context = certificates(folder, hosts)
    inner = server.start(world, tls=context)
    proxy = _Proxy(("127.0.0.1", 0), inner.port, frozenset(hosts))
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Proxied(f"http://127.0.0.1:{proxy.server_address[1]}", authority)
    finally:
        proxy.shutdown()
        proxy.server_close()
        inner.stop()


def certificates(folder: Path, hosts: Sequence[str]) -> tuple[Path, ssl.SSLContext]:
    """A fresh authority (its certificate in `ca.pem`) and a server context whose certificate names the hosts."""
    authority_key, host_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tieout stand-in authority")])
    signed_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    authority = (
        _certificate(name, name, authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    host = (
        _certificate(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])]), name, host_key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(signed_by, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ca.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    chain = folder / "host.pem"
    plain = serialization.NoEncryption()
    key = host_key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    chain.touch(mode=0o600)
    chain.write_bytes(key + host.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return folder / "ca.pem", context


def _certificate(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


class _Proxy(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], port: int, hosts: frozenset[str]) -> None:
        self.port, self.hosts = port, hosts
        super().__init__(address, _Tunnel)


class _Tunnel(StreamRequestHandler):
    server: _Proxy
    disable_nagle_algorithm = True

    def handle(self) -> None:
        words = self.rfile.readline(HEAD_MOST).decode("latin-1").split()
        while self.rfile.readline(HEAD_MOST).strip():
            pass
        host = words[1].rpartition(":")[0] if len(words) > 1 else ""
        if not words or words[0] != "CONNECT" or host not in self.server.hosts:
            self.wfile.write(f"HTTP/1.1 502 No stand-in for {host or 'this'}\r\nContent-Length: 0\r\n\r\n".encode())
            return
        with socket.create_connection(("127.0.0.1", self.server.port)) as inner:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pour, args=(inner, self.connection), daemon=True)
            back.start()
            _pour(self.connection, inner)
            back.join()


def _pour(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
