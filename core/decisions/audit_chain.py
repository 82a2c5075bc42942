"""The chain of the audit trail: each entry's hash covers its content and the hash before it."""

import hashlib
import json
from collections.abc import Mapping

GENESIS = "0" * 64  # stands before the first entry


def canonical_json(value: object) -> str:
    """One text for one value: keys in the order of their code points, no spaces, characters as they are."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def seal(content: Mapping[str, object], previous: str) -> str:
    """SHA-256, as hexadecimal text, over the canonical JSON of the content with the hash before it as `previous`."""
    return hashlib.sha256(canonical_json({**content, "previous": previous}).encode()).hexdigest()
