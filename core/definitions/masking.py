"""Hiding secrets wherever they surface: as they are, and in the forms that transport gives them."""

import base64
import json
import re
from collections.abc import Iterable
from functools import cached_property

from core.definitions.cel_values import JsonValue

MASK = "***"
SHORTEST = 4  # shorter ones are hidden only where they stand alone: they occur in every other word
_LONG_LINE = 16
_HTML = {"&": ("&amp;",), "<": ("&lt;",), ">": ("&gt;",), '"': ("&quot;", "&#34;"), "'": ("&#39;", "&#x27;")}
_BASE64_FORMS = {"+": "(?:[+-]|%2[Bb])", "/": r"(?:\\?/|_|%2[Ff])"}
_BASE64_SIGN = r"(?:[A-Za-z0-9_/-]|\+|%2[BbFf])"
_LINE_BREAK = r"(?:\r?\n|\\n)?"  # tools wrap base64 after 64 or 76 signs


class Masker:
    """Replaces secrets by `***`: raw, base64 (at any alignment), URL-encoded, JSON- and HTML-escaped."""

    def __init__(self, values: Iterable[str]) -> None:
        """Take the secrets. Of one with several lines each long line is hidden by itself too."""
        self._values = sorted(_with_lines(values), key=len, reverse=True)

    def mask(self, text: str) -> str:
        """Answer the text without the secrets."""
        return self._pattern.sub(MASK, text) if self._values else text

    def mask_value(self, value: JsonValue) -> JsonValue:
        """Answer a copy of a JSON value without the secrets, in keys and numbers too."""
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, dict):
            return {self.mask(key): self.mask_value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.mask_value(item) for item in value]
        if value is None or isinstance(value, bool):
            return value
        return MASK if self.mask(json.dumps(value)) != json.dumps(value) else value

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # Longest first: a secret that begins another one must not leave the rest of it behind.
        return re.compile("|".join(pattern for value in self._values for pattern in _patterns(value)))


def _with_lines(values: Iterable[str]) -> set[str]:
    whole = {value for value in values if value}
    lines = {line for value in whole if "\n" in value for line in value.splitlines()}
    return whole | {line for line in lines if len(line) >= _LONG_LINE}


def _patterns(value: str) -> list[str]:
    escaped = _escaped_pattern(value)
    if len(value) < SHORTEST:
        return [rf"(?<!\w){escaped}(?!\w)"]
    return [escaped, *(_base64_pattern(value.encode(errors="replace"), shift) for shift in range(3))]


def _escaped_pattern(value: str) -> str:
    """Answer the pattern of a value of which each sign may be raw, URL-encoded, or escaped for JSON or HTML.

    Escapes may be escaped again, so backslashes come in any number. They are matched possessively, and at the
    start of the pattern only where their run starts: otherwise a text full of them would take quadratic time.
    """
    signs = re.findall(r"\\+|[^\\]", value, re.DOTALL)
    pieces = [_RUN_STARTS if signs[0][0] == "\\" else ""]
    for before, sign in zip(["", *signs], signs, strict=False):
        pieces.append(_RUN if sign[0] == "\\" else _sign_pattern(sign, before))
    return f"(?=[{re.escape(signs[0][0])}%&+\\\\]){''.join(pieces)}"


_RUN_STARTS = r"(?<!\\)(?<!%5[Cc])(?<!u005[Cc])"
_RUN = r"(?:(?:\\++u005[Cc])++|(?:%5[Cc])++|\\++)"


def _sign_pattern(sign: str, before: str) -> str:
    percent = "".join(f"%{byte:02x}" for byte in sign.encode(errors="replace"))
    forms = [sign, *(["+"] if sign == " " else []), *_HTML.get(sign, ())]
    plain = [_any_case(percent), *map(re.escape, forms)]
    if before.startswith("\\"):  # which has taken all the backslashes there are
        return f"(?:{'|'.join([*plain, *_tails(sign)])})"
    start = "" if before else "(?<!\\\\)"
    return f"(?:{'|'.join(plain)}|{start}\\\\++(?:{'|'.join(_tails(sign))}))"


def _tails(sign: str) -> list[str]:
    """Answer the patterns of what stands behind the backslash where a sign is escaped."""
    units = sign.encode("utf-16-be", "surrogatepass").hex()
    unicode = r"\\++".join(_any_case(f"u{units[at : at + 4]}") for at in range(0, len(units), 4))
    json_escape = json.dumps(sign)[1:-1]
    short = [re.escape(json_escape[1])] if len(json_escape) == 2 else []
    return [unicode, *short, *([sign] if sign in "'/" else [])]


def _any_case(form: str) -> str:
    return form[0] + re.sub("[a-f]", lambda match: f"[{match[0]}{match[0].upper()}]", form[1:])


def _base64_pattern(value: bytes, shift: int) -> str:
    """Answer the pattern of a value that stands `shift` bytes (modulo 3) after the start of what was encoded.

    The signs at its borders also hold bits of the neighbours, so they are unknown, but are hidden as well.
    """
    encoded = base64.b64encode(b"\0" * shift + value).decode()
    known = encoded[-(-shift * 8 // 6) : (shift + len(value)) * 8 // 6]
    before = f"{_BASE64_SIGN}?" if shift else ""
    after = f"{_BASE64_SIGN}?(?:=|%3[Dd]){{0,2}}" if (shift + len(value)) % 3 else ""
    return before + _LINE_BREAK.join(_BASE64_FORMS.get(sign, sign) for sign in known) + after
