"""YAML scalars, YAML output, readable YAML errors, and diffs between documents.

Scalars follow the core schema of YAML 1.2, limited to the numbers that JSON and CEL can hold. The same document always
gives the same text, which `sources` reads back unchanged.
"""

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from core.definitions.written import in_order_of

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+")
_HEX_OR_OCTAL = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_IN_QUOTES = "Write it in quotes if it is text."


class BadScalar(Exception):
    """A scalar that cannot be stored; the message is a sentence."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def plain_scalar(text: str, *, is_plain: bool) -> bool | int | float | str | None:
    """Return the value of a scalar; `is_plain`: it is not quoted. Raises BadScalar."""
    if "\0" in text:
        raise BadScalar("The text contains U+0000, which cannot be stored.", "Remove it.")
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise BadScalar("The text contains half of a surrogate pair.", "Write the whole character.")
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
        raise BadScalar(f"{text} cannot be stored as a number.", _IN_QUOTES)
    if _FLOAT.fullmatch(text):
        value = float(text)
        if not math.isfinite(value):
            raise BadScalar(f"The number {text} is too large.", _IN_QUOTES)
        return value
    return text


def _integer(text: str, base: int) -> int:
    # Python refuses to convert thousands of digits, and a number of more than 40 is out of range anyway.
    if len(text) > 40 or not -(2**63) <= (value := int(text, base)) < 2**63:
        raise BadScalar(f"The number {text[:40]} does not fit into 64 bits.", _IN_QUOTES)
    return value


SEPARATOR = "---\n"
TEXT = "tag:yaml.org,2002:str"
# Line breaks for PyYAML besides \n: https://yaml.org/spec/1.1/#b-char
_OTHER_BREAKS = re.compile("[\r\x85\u2028\u2029]")


def to_yaml(document: Mapping[str, object]) -> str:
    """Return plain JSON as YAML, with the keys in their order."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=math.inf)


class _Dumper(yaml.SafeDumper):
    """Writes no aliases, so that each place shows what it says, and indents the entries of lists."""

    # `on` is not text in YAML 1.1 only. Every trigger has that key, and nobody writes it in quotes.
    yaml_implicit_resolvers = {
        first: known for first, known in yaml.SafeDumper.yaml_implicit_resolvers.items() if first != "o"
    }

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 as PyYAML calls it
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 as PyYAML calls it
        super().increase_indent(flow, False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(TEXT, text, style=_style(text))


_Dumper.add_representer(str, _represent_text)


def _style(text: str) -> str | None:
    """Return the style: a block for several lines, quotes where the reader would not see text; None for PyYAML's
    default.
    """
    if _OTHER_BREAKS.search(text):
        return '"'
    if "\n" in text:
        return "|" if not text[0].isspace() and not text.endswith("\n\n") else '"'
    return None if _reads_as_text(text) else "'"


def _reads_as_text(text: str) -> bool:
    try:
        return isinstance(plain_scalar(text, is_plain=True), str)
    except BadScalar:
        return False


_COLUMNS = "Align the keys of a mapping in one column; put text that contains a colon and a space in quotes."
_ITEMS = "Begin each item of a list with -, all in one column."

_SENTENCES = (
    (
        "cannot start any token",
        "no value can start like this",
        "Put text in quotes, and indent with spaces, not tabs.",
    ),
    ("mapping values are not allowed", "a key is not allowed here", _COLUMNS),
    ("did not find expected key", "a key is expected here", _COLUMNS),
    ("did not find expected '-'", "an item of the list has no - here", _ITEMS),
    (
        "expected ',' or",
        "a comma or the closing bracket is expected here",
        "Put text that contains quotes in the other kind of quotes.",
    ),
    ("expected node content", "a value is expected here", "Write one, and close every open [ and {."),
    ("end of stream", "a quote is not closed", "Close it."),
    ("could not find expected ':'", "a key has no colon", "Write key: and then its value."),
)


@dataclass(frozen=True)
class Unreadable:
    """An error in YAML text. `line` and `column` count from 1; for something never closed, they are where it opens."""

    line: int
    column: int
    message: str
    hint: str | None = None


def unreadable(error: yaml.MarkedYAMLError) -> Unreadable:
    """Translate PyYAML's error into a sentence, a hint and a place."""
    reason = " ".join(part for part in (error.context, error.problem) if part)
    began, ended = error.context_mark, error.problem_mark
    is_open = _is_never_closed(reason) and began is not None and ended is not None and began.line < ended.line
    mark = (began if is_open or "simple key" in reason else ended) or began
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if is_open:
        kind = "quote" if "quoted" in reason else "bracket"
        return Unreadable(
            line, column, f"This is not valid YAML: the {kind} that opens here is never closed.", "Close it."
        )
    said, hint = _said(reason)
    return Unreadable(line, column, f"This is not valid YAML: {said}.", hint)


def _is_never_closed(reason: str) -> bool:
    return "expected ',' or" in reason or ("quoted scalar" in reason and "end of stream" in reason)


def _said(reason: str) -> tuple[str, str | None]:
    found = next((sentence for part, *sentence in _SENTENCES if part in reason), None)
    return (found[0], found[1]) if found else (reason or "it cannot be read", None)


@dataclass(frozen=True)
class Labelled:
    """A version of a document, and its name in a diff."""

    label: str
    document: Mapping[str, object]


def written_new(after: Labelled) -> str:
    """Return a new document as a unified diff against nothing."""
    lines = difflib.unified_diff(
        [], to_yaml(after.document).split("\n")[:-1], "nothing", after.label, lineterm=""
    )
    return "".join(f"{line}\n" for line in lines)


def difference(before: Labelled, after: Labelled) -> str:
    """Return the unified diff; empty if the documents say the same.

    Keys that only moved are not reported: those of `before` are put in the order of `after`.
    """
    old = to_yaml(in_order_of(before.document, after.document)).split("\n")
    new = to_yaml(after.document).split("\n")
    lines = difflib.unified_diff(old[:-1], new[:-1], before.label, after.label, lineterm="")
    return "".join(f"{line}\n" for line in lines)
