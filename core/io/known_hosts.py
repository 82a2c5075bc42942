"""The format of OpenSSH's known_hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT: https://man.openbsd.org/sshd.8).

Names may be hashed, or patterns with `*`, `?` and `!`. A key marked `@revoked` is never accepted. Lines with
`@cert-authority` are ignored, since host certificates are not supported.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

DEFAULT_PORT = 22
COMMENT, REVOKED, HASHED = "#", "@revoked", "|1|"
FIELDS = 3


@dataclass(frozen=True)
class HostKey:
    """A public key. `type`: such as `ssh-ed25519`; `blob`: the key as it is sent."""

    type: str
    blob: bytes


def name_of(host: str, port: int) -> str:
    """Return the name of a host in known_hosts: `[host]:port` unless the port is 22."""
    host = host.lower()
    return host if port == DEFAULT_PORT else f"[{host}]:{port}"


def known_keys(text: str, host: str, port: int) -> tuple[HostKey, ...]:
    """Return the keys that the host may have. Raises ValueError for a line that cannot be read."""
    name = name_of(host, port)
    lines = list(_lines(text))
    revoked = {key for marker, _, key in lines if marker == REVOKED}
    found = [key for marker, names, key in lines if not marker and _matches(names, name)]
    return tuple(key for key in dict.fromkeys(found) if key not in revoked)


def _lines(text: str) -> Iterator[tuple[str, str, HostKey]]:
    """Yield marker, names and key of each line."""
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith(COMMENT):
            continue
        marker = words.pop(0) if words[0].startswith("@") else ""
        if len(words) < FIELDS:
            raise ValueError(f"line {number} has no name, type and key")
        try:
            blob = base64.b64decode(words[2], validate=True)
        except ValueError:
            raise ValueError(f"the key in line {number} is not base64") from None
        yield marker, words[0], HostKey(words[1], blob)


def _matches(names: str, name: str) -> bool:
    if names.startswith(HASHED):
        return _is_hash_of(names, name)
    return _match_patterns(names.lower().split(","), name)


def _match_patterns(patterns: Iterable[str], name: str) -> bool:
    """Return whether a pattern matches, and none with `!` does."""
    is_found = False
    for pattern in patterns:
        if _fits(pattern.removeprefix("!"), name):
            if pattern.startswith("!"):
                return False
            is_found = True
    return is_found


def _fits(pattern: str, name: str) -> bool:
    """Return whether the whole name fits. A regular expression could take exponential time for many `*`."""
    ends = {0}  # how much of the name the pattern may have taken so far
    for sign in pattern:
        if sign == "*":
            ends = set(range(min(ends), len(name) + 1))
        else:
            ends = {end + 1 for end in ends if end < len(name) and sign in ("?", name[end])}
        if not ends:
            return False
    return len(name) in ends


def _is_hash_of(hashed: str, name: str) -> bool:
    """Return whether this is the hash of the name: `|1|SALT|HMAC-SHA1`."""
    salt, _, digest = hashed.removeprefix(HASHED).partition("|")
    try:
        expected = hmac.new(base64.b64decode(salt), name.encode(), hashlib.sha1).digest()
        return hmac.compare_digest(expected, base64.b64decode(digest))
    except ValueError:
        return False
