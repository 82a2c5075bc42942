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
    # Several backslashes in a row are one `\\+`: two of those would make the search take exponential time.
    signs = re.findall(r"\\+|[^\\]", value, re.DOTALL)
    pattern = "".join(r"(?:\\+|(?:%5[Cc])+)" if sign[0] == "\\" else _sign_pattern(sign) for sign in signs)
    first = {form[0] for sign in signs[:1] for form in _forms(sign)}
    return f"(?=[{re.escape(''.join(sorted(first)))}]){pattern}"


def _sign_pattern(sign: str) -> str:
    forms = [re.escape(form) for form in _forms(sign) if not form.startswith(("\\", "%"))]
    percent = "".join(f"%{byte:02x}" for byte in sign.encode(errors="replace"))
    escapes = {json.dumps(sign)[1:-1], json.dumps(sign, ensure_ascii=False)[1:-1], _unicode_escape(sign)}
    backslashed = [r"\\+" + _any_case(form[1:]) for form in escapes if form[0] == "\\"]
    if sign in "'/":
        backslashed.append(r"\\+" + sign)
    return f"(?:{'|'.join([*forms, _any_case(percent), *backslashed])})"


def _forms(sign: str) -> list[str]:
    plus = ["+"] if sign == " " else []
    return [sign, *plus, "%", "\\", *_HTML.get(sign, ())]


def _unicode_escape(sign: str) -> str:
    units = sign.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _any_case(form: str) -> str:
    hexadecimal = form.startswith("%") or re.fullmatch(r"u[0-9a-f]{4}(\\u[0-9a-f]{4})*", form)
    if not hexadecimal:
        return re.escape(form)
    return re.sub("[a-f]", lambda match: f"[{match[0]}{match[0].upper()}]", re.escape(form))


def _base64_pattern(value: bytes, shift: int) -> str:
    """Answer the pattern of a value that stands `shift` bytes (modulo 3) after the start of what was encoded.

    The signs at its borders also hold bits of the neighbours, so they are unknown, but are hidden as well.
    """
    encoded = base64.b64encode(b"\0" * shift + value).decode()
    known = encoded[-(-shift * 8 // 6) : (shift + len(value)) * 8 // 6]
    before = f"{_BASE64_SIGN}?" if shift else ""
    after = f"{_BASE64_SIGN}?(?:=|%3[Dd]){{0,2}}" if (shift + len(value)) % 3 else ""
    return before + _LINE_BREAK.join(_BASE64_FORMS.get(sign, sign) for sign in known) + after
