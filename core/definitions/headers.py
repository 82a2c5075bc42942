"""Headers that HTTP can carry (RFC 9110, section 5), and their names, whose case means nothing. Pure."""

import re
from collections.abc import Mapping

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
NAME_HINT = "Use letters, digits and -, such as X-Size."


def why_no_header(name: str, value: str) -> str | None:
    """Answer why no request carries the header, which tells nothing of its value; None where one can."""
    if not _TOKEN.fullmatch(name):
        return f"{name!r} is no name that a header may have."
    if not is_carried(value):
        return f"The header {name} has a character that no header may have."
    if value != value.strip():
        return f"The header {name} begins or ends with a space, which no header does."
    return None


def is_carried(text: str) -> bool:
    """Answer whether a value may have all these characters: those of ASCII that can be seen, and the space."""
    return text.isascii() and text.isprintable()


def joined(*headers: Mapping[str, str]) -> dict[str, str]:
    """Answer all of them; of two with one name, however it is spelled, the later one."""
    spelled = {name.lower(): name for each in headers for name in each}
    values = {name.lower(): value for each in headers for name, value in each.items()}
    return {spelled[name]: value for name, value in values.items()}
