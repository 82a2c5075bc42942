"""The hash chain of the audit trail, and the heads that are kept elsewhere.

The chain of the audit trail: each entry's hash covers its content and the hash before it.

Heads of the audit trail: how far its chain was at some time, signed, to be kept where the database's owner is not.

A chain whose end was cut off is whole in itself. Only who knows that it was longer can tell.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from core.errors import InvalidInput

GENESIS = "0" * 64  # stands before the first entry


def canonical_json(value: object) -> str:
    """One text for one value: keys in the order of their code points, no spaces, characters as they are."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def seal(content: Mapping[str, object], previous: str) -> str:
    """SHA-256, as hexadecimal text, over the canonical JSON of the content with the hash before it as `previous`."""
    return hashlib.sha256(canonical_json({**content, "previous": previous}).encode()).hexdigest()


PURPOSE = b"heads of the audit trail"  # of the derived key, so that no signature serves anything else


@dataclass(frozen=True)
class Head:
    """At `time` the chain's newest position was this, with this hash, 64 hexadecimal digits."""

    position: int
    hash: str
    time: datetime

    @property
    def content(self) -> dict[str, object]:
        """What is written down, and signed."""
        return {"position": self.position, "hash": self.hash, "time": self.time.isoformat(timespec="seconds")}


def signed(head: Head, secret: str) -> dict[str, object]:
    """The head with its HMAC-SHA-256, in hexadecimal, by a key derived from `secret`. Without a secret: unsigned."""
    return {**head.content, "signature": _signature(head, secret)} if secret else head.content


def _signature(head: Head, secret: str) -> str:
    key = hmac.digest(secret.encode(), PURPOSE, hashlib.sha256)
    return hmac.digest(key, canonical_json(head.content).encode(), hashlib.sha256).hex()


def read_heads(lines: Iterable[str], secret: str) -> list[Head]:
    """The heads, one JSON object a line. Raises InvalidInput for a line that is none, or that we did not sign."""
    return [_read(line, number, secret) for number, line in enumerate(lines, 1) if line.strip()]


def _read(line: str, number: int, secret: str) -> Head:
    try:
        said = json.loads(line)
        head = Head(int(said["position"]), str(said["hash"]), datetime.fromisoformat(said["time"]))
        signature = str(said.get("signature", ""))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InvalidInput(f"Line {number} is no head of an audit trail.") from None
    if not secret or not hmac.compare_digest(signature.encode(), _signature(head, secret).encode()):
        raise InvalidInput(
            f"The head in line {number} is not signed with this SLACK_SIGNING_SECRET: it was written by somebody else, "
            "or altered, or the secret was changed since.",
            hint="After a change of the secret begin a new file, and keep the old one.",
        )
    return head


def fault(head: Head, found: str | None, newest: int) -> str | None:
    """What is wrong with a chain that should have had this head, as a sentence.

    `found`: the hash that the chain has at the head's position, None for none. `newest`: its newest position.
    """
    when = f"The head of {head.time:%Y-%m-%d %H:%M:%S} UTC was at position {head.position}"
    if found is None:
        return f"{when}, and the chain ends at {newest}: its end was cut off."
    if not hmac.compare_digest(found, head.hash):
        return (
            f"{when} with the hash {head.hash}, and there is another one: from some row on it was made anew."
        )
    return None
