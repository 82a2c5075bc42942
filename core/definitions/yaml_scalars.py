"""What a scalar of YAML means: the core schema of YAML 1.2, and of numbers only what JSON and CEL hold too."""

import math
import re

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+")
_HEX_OR_OCTAL = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_IN_QUOTES = "Write it in quotes if it is text."


class BadScalar(Exception):
    """A scalar that nothing here can hold; the message is a sentence."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        """Say what is wrong and what would be right."""
        super().__init__(message)
        self.hint = hint


def plain_scalar(text: str, *, is_plain: bool) -> bool | int | float | str | None:
    """Answer the value of a scalar; `is_plain`: it stands without quotes. Raises BadScalar."""
    if "\0" in text:
        raise BadScalar("The text holds U+0000, which cannot be stored.", "Leave it out.")
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise BadScalar(
            "The text holds half of a character (a lone surrogate).", "Write the whole character."
        )
    if not is_plain:
        return text
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    return _number(text)


def _number(text: str) -> int | float | str:
    if _INT.fullmatch(text):
        return _integer(text, 10)
    if _HEX_OR_OCTAL.fullmatch(text):
        return _integer(text, 0)
    if _NO_NUMBER.fullmatch(text):
        raise BadScalar(f"{text} is no number that can be stored.", _IN_QUOTES)
    if _FLOAT.fullmatch(text):
        value = float(text)
        if not math.isfinite(value):
            raise BadScalar(f"The number {text} is too large.", _IN_QUOTES)
        return value
    return text


def _integer(text: str, base: int) -> int:
    # Python refuses to convert thousands of digits; anything that long is far out of range anyway.
    if len(text) > 40 or not -(2**63) <= (value := int(text, base)) < 2**63:
        raise BadScalar(f"The number {text[:40]} does not fit into 64 bits.", _IN_QUOTES)
    return value
