"""What PyYAML says of a text that is no YAML, as a sentence, with what would be right."""

from dataclasses import dataclass

import yaml

_COLUMNS = "The keys of one mapping stand in one column; a text with a colon and a space in it needs quotes."
_ITEMS = "The items of one list each begin with - in one column."

_SENTENCES = (
    (
        "cannot start any token",
        "no value can start like this",
        "Put text in quotes, and indent with spaces, not tabs.",
    ),
    ("mapping values are not allowed", "no key can stand here", _COLUMNS),
    ("did not find expected key", "a key is expected here", _COLUMNS),
    ("did not find expected '-'", "a list goes on here without its -", _ITEMS),
    (
        "expected ',' or",
        "a comma or the closing bracket is expected here",
        "Text with quotes in it needs others around it.",
    ),
    ("expected node content", "a value is expected here", "Write one, and close every [ and { that is open."),
    ("end of stream", "a quote is not closed", "Close it."),
)


@dataclass(frozen=True)
class Unreadable:
    """`line` and `column` count from 1: where the mistake is, which for what is never closed is where it opens."""

    line: int
    column: int
    message: str
    hint: str | None = None


def unreadable(error: yaml.MarkedYAMLError) -> Unreadable:
    """Say what is wrong, and where."""
    reason = " ".join(part for part in (error.context, error.problem) if part)
    began, ended = error.context_mark, error.problem_mark
    is_open = _is_never_closed(reason) and began is not None and ended is not None and began.line < ended.line
    mark = (began if is_open else ended) or began
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if is_open:
        kind = "quote" if "quoted" in reason else "bracket"
        return Unreadable(
            line, column, f"This is no YAML: the {kind} that opens here is never closed.", "Close it."
        )
    said, hint = _said(reason)
    return Unreadable(line, column, f"This is no YAML: {said}.", hint)


def _is_never_closed(reason: str) -> bool:
    return "expected ',' or" in reason or ("quoted scalar" in reason and "end of stream" in reason)


def _said(reason: str) -> tuple[str, str | None]:
    found = next((sentence for part, *sentence in _SENTENCES if part in reason), None)
    return (found[0], found[1]) if found else (reason or "it cannot be read", None)
