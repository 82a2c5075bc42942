"""The text of SQL statements: their placeholders, and what may be in them.

Placeholders are `%(name)s`, or `%s` in order; `%%` is a percent sign. They are translated to those of the server, which
gets text and values apart, so no value can become part of a statement. What is checked here guards against mistakes;
that a reading statement changes nothing is enforced by the server, in a read-only transaction.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

_PLACEHOLDER = re.compile(r"%(?:(?P<percent>%)|s|\((?P<name>[A-Za-z_][A-Za-z0-9_]*)\)s)|(?P<stray>%)")
_KEYWORD = re.compile(r"[\s(]*([A-Za-z]+)(?:\s+([A-Za-z@]+))?")
_LINE_COMMENT = re.compile(r"--[^\n]*|#[^\n]*")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


READING = _words("select with values table show explain describe desc")
_CONTROL = _words(
    "begin commit end rollback abort savepoint release prepare execute deallocate xa copy delimiter"
)
_CONTROL_SETTINGS = re.compile(
    r"\b(transaction|autocommit|characteristics|tx_\w+|\w*transaction_\w+)\b", re.IGNORECASE
)
# Undone by a rollback, on every server, and on PostgreSQL, whose definitions are transactional, too.
_UNDONE = READING | _words("insert update delete replace merge")
UNDONE_BY_POSTGRESQL = _UNDONE | _words(
    "create alter drop truncate grant revoke comment refresh reindex analyze set reset lock notify"
)
UNDONE_BY_MARIADB = _UNDONE
# Functions that act at once, whatever becomes of the transaction, and files that the server writes.
_ACTS_OUTSIDE = re.compile(
    r"\b(?:pg_terminate_backend|pg_cancel_backend|pg_reload_conf|pg_rotate_logfile|pg_switch_wal|pg_promote|pg_notify"
    r"|pg_create_restore_point|pg_wal_replay_\w+|pg_logical_\w+|pg_\w*replication_slot\w*|pg_replication_\w+"
    r"|pg_file_\w+|pg_stat_reset\w*|pg_stat_statements_reset|dblink\w*|lo_\w+|set_config|sys_exec|sys_eval)\b"
    r'"?\s*\(|\binto\s+(?:out|dump)file\b',
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Statement:
    """A statement without its placeholders: `parts` is the text around them, `names` theirs (None: the next value)."""

    parts: tuple[str, ...]
    names: tuple[str | None, ...]

    @property
    def keyword(self) -> str:
        """Its first word, in lower case."""
        found = _KEYWORD.match(self.parts[0])
        return found[1].lower() if found else ""

    @property
    def acts_outside(self) -> bool:
        """Whether it calls a function that is known to act outside of the transaction, or writes a file."""
        text = "?".join(self.parts)
        return any(_ACTS_OUTSIDE.search(each) for each in (text, _without_comments(text)))

    def is_undone(self, keywords: Collection[str]) -> bool:
        """Return whether a rollback undoes it. `keywords`: those of the statements that the server can undo."""
        return self.keyword in keywords and not self.acts_outside

    def with_marks(self, mark: Callable[[int], str]) -> str:
        """Return the text with the placeholders of a server. `mark` takes their numbers, counted from 1."""
        pieces = [self.parts[0]]
        for number, part in enumerate(self.parts[1:], 1):
            pieces += [mark(number), part]
        return "".join(pieces)


def _without_comments(text: str) -> str:
    """Return the text without its comments. What looks like one in a literal goes, too, which does no harm here."""
    pieces, after = [], 0
    while (start := text.find("/*", after)) >= 0 and (end := text.find("*/", start + 2)) >= 0:
        pieces.append(text[after:start])
        after = end + 2
    return _LINE_COMMENT.sub(" ", " ".join([*pieces, text[after:]]))


def parse_statement(text: str) -> Statement:
    """Return the statement. Raises ValueError with a sentence if it is none that can be executed."""
    text = text.strip().rstrip(";").rstrip()
    parts, names, after = [""], list[str | None](), 0
    for found in _PLACEHOLDER.finditer(text):
        parts[-1] += text[after : found.start()]
        after = found.end()
        if found["stray"]:
            raise ValueError("A % must begin %s or %(name)s. Write %% for a percent sign.")
        if found["percent"]:
            parts[-1] += "%"
        else:
            names.append(found["name"])
            parts.append("")
    parts[-1] += text[after:]
    statement = Statement(tuple(parts), tuple(names))
    _check_keyword(statement)
    if len({name is None for name in names}) > 1:
        raise ValueError("Use either %s or %(name)s in a statement, not both.")
    return statement


def _check_keyword(statement: Statement) -> None:
    found = _KEYWORD.match(statement.parts[0])
    if found is None:
        raise ValueError(
            "A statement begins with its keyword, such as SELECT. Write comments in YAML, as # …"
        )
    first, second = found[1].lower(), (found[2] or "").lower()
    is_setting = first == "set" and _CONTROL_SETTINGS.search("?".join(statement.parts))
    if first in _CONTROL or (first, second) == ("start", "transaction") or is_setting:
        raise ValueError(
            f"{found[0].strip().upper()} is not allowed: the step begins and ends its transaction itself."
        )
    if any("/*!" in part or "/*M!" in part for part in statement.parts):
        raise ValueError("Comments that servers execute, /*! … */, are not allowed.")


def check_reading(statement: Statement) -> None:
    """Raise ValueError if the statement is not one that only reads."""
    if statement.keyword not in READING:
        raise ValueError(
            f"{statement.keyword.upper()} changes something. Set read_only: false if that is wanted."
        )
    if statement.acts_outside:
        raise ValueError(
            "It calls a function that acts at once, or writes a file, which a read-only transaction does not prevent. "
            "Set read_only: false if that is wanted."
        )
