"""Header fields of HTTP requests (RFC 9110, section 5)."""

import re
from collections.abc import Mapping

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2


def why_no_header(name: str, value: str) -> str | None:
    """Return why a request cannot carry the header, without revealing its value; None if it can."""
    if not _TOKEN.fullmatch(name):
        return f"{name!r} is not a valid header name."
    if not is_carried(value):
        return f"The header {name} contains a character that a header cannot carry."
    if value != value.strip():
        return f"The header {name} begins or ends with a space, which HTTP does not allow."
    return None


def is_carried(text: str) -> bool:
    """Return whether a header value may contain all these characters: printable ASCII, including the space."""
    return text.isascii() and text.isprintable()


def joined(*headers: Mapping[str, str]) -> dict[str, str]:
    """Merge headers; names are case-insensitive, and a later header replaces an earlier one."""
    spelled = {name.lower(): name for each in headers for name in each}
    values = {name.lower(): value for each in headers for name, value in each.items()}
    return {spelled[name]: value for name, value in values.items()}
