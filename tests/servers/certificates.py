"""Certificates for tests: an authority, a server on 127.0.0.1, and a client."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as PEM."""

    certificate: str
    key: str


@dataclass(frozen=True)
class Certificates:
    authority: Pair
    server: Pair
    client: Pair

    def server_context(self) -> ssl.SSLContext:
        """TLS of the server, which asks clients for a certificate, and takes those without one, too."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with TemporaryDirectory() as folder:
            path = Path(folder, "server.pem")
            path.write_text(self.server.certificate + self.server.key)
            context.load_cert_chain(path)
        context.load_verify_locations(cadata=self.authority.certificate)
        context.verify_mode = ssl.CERT_OPTIONAL
        return context


@cache
def certificates() -> Certificates:
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _issued("authority", authority_key, authority_key, is_authority=True)
    server_key, client_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    return Certificates(
        _pair(authority, authority_key),
        _pair(_issued("server", server_key, authority_key), server_key),
        _pair(_issued("client", client_key, authority_key), client_key),
    )


def _issued(
    name: str, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey, *, is_authority: bool = False
) -> x509.Certificate:
    names = {each: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (name, "authority")}
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(names[name])
        .issuer_name(names["authority"])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(by, hashes.SHA256())


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Pair:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Pair(certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode())
