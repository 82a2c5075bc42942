"""Surrogate pairs: JSON writes characters beyond U+FFFF as two escapes, which YAML does not know.

See https://www.rfc-editor.org/rfc/rfc8259#section-7.
"""

import json
import re

_SURROGATE = re.compile("[\ud800-\udfff]")
_SURROGATE_PAIR = re.compile(
    r"(?<!\\)((?:\\\\)*)\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE
)


def half_pair(text: str) -> re.Match[str] | None:
    """Return the first half of a surrogate pair in the text, which is then not valid Unicode; None if there is none."""
    return _SURROGATE.search(text)


def join_surrogates(text: str) -> str:
    """Convert JSON's surrogate pair escapes to YAML's, which does not know surrogate pairs."""
    if text.lstrip()[:1] not in {"{", "["} or not _is_json(text):
        return text
    return _SURROGATE_PAIR.sub(_joined, text)


def _joined(match: re.Match[str]) -> str:
    character = bytes.fromhex(match[2] + match[3]).decode("utf-16-be")
    return f"{match[1]}\\U{ord(character):08x}"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
