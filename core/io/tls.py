"""TLS for servers that the system's authorities do not know, and for clients that prove themselves by a certificate."""

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Tls:
    """How a server is recognized, and how we prove who we are. All texts are PEM.

    `authorities`: whose certificates are trusted, instead of the system's. `certificate`, `key`: ours. `verifies`:
    False trusts whoever answers.
    """

    authorities: str | None = None
    certificate: str | None = None
    key: str | None = field(default=None, repr=False)
    verifies: bool = True

    def context(self) -> ssl.SSLContext:
        """Return the context. Raises ValueError for what is no PEM; the message has nothing of it."""
        try:
            context = ssl.create_default_context(cadata=self.authorities)
            if self.certificate and self.key:
                with _file(f"{self.certificate}\n{self.key}\n") as path:
                    context.load_cert_chain(path, password=_no_passphrase)
        except (ssl.SSLError, ValueError) as error:
            reason = getattr(error, "reason", None) or "it is not PEM, or the key has a passphrase"
            raise ValueError(f"The certificates or the key cannot be used: {reason}.") from None
        if not self.verifies:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context


@dataclass(frozen=True)
class Access:
    """How the API server is recognized, and how it knows us. `secrets`: what must be masked apart from whole lines."""

    tls: Tls
    token: str | None = field(default=None, repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(value for value in (self.token, self.tls.key) if value)


def _no_passphrase() -> str:
    """Refuse. OpenSSL would otherwise ask at the terminal for the passphrase of an encrypted key."""
    raise ValueError


@contextmanager
def _file(text: str) -> Iterator[str]:
    """The text as a file, for a function that reads only files: in memory where the system has such files."""
    if hasattr(os, "memfd_create"):  # Linux
        descriptor = os.memfd_create("tls", os.MFD_CLOEXEC)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            yield f"/proc/self/fd/{descriptor}"
        return
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".pem") as file:
        file.write(text)
        file.flush()
        yield file.name
