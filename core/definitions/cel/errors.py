"""Errors of the CEL library, translated into sentences."""

import re
from collections.abc import Iterable

from core.definitions.cel.overloads import OVERLOADS
from core.definitions.problems import suggest
from core.errors import ExpressionError

_AT = re.compile(r"ERROR: <input>:(\d+):(\d+): (?:Syntax error: )?([^\n]*)")
_UNDEFINED = re.compile(r"Undefined variable or function: '([^']*)'")
_FUNCTION = re.compile(
    r"Function '([^']*)' error: (?:Python function call failed: ValueError: )?(.*?)\.? Check function",
    re.DOTALL,
)


class ExpressionSyntaxError(ExpressionError):
    """The source is not valid CEL."""

    def __init__(self, message: str, *, hint: str | None = None, offset: int = 0) -> None:
        """Create the error; `offset` is the position in the source, in characters from 0."""
        super().__init__(message, hint=hint)
        self.offset = offset


class ExpressionTypeError(ExpressionError):
    """The types of the values do not match the operation."""


def syntax_error(error: Exception, source: str) -> ExpressionSyntaxError:
    """Translate an exception raised while compiling."""
    match = _AT.search(str(error))
    if not match:
        return ExpressionSyntaxError(f"`{source}` is not a valid CEL expression.")
    line, column, reason = int(match[1]), int(match[2]), match[3]
    before = source.split("\n")[: line - 1]
    offset = min(sum(len(text) + 1 for text in before) + column - 1, len(source))
    return ExpressionSyntaxError(
        f"`{source}` is not a valid CEL expression: {_syntax_reason(reason, source, offset)}",
        hint=_syntax_hint(source),
        offset=offset,
    )


def _syntax_reason(reason: str, source: str, offset: int) -> str:
    if "<EOF>' expecting" in reason or offset >= len(source):
        return "it ends too early."
    if (
        "token recognition error" in reason
        or "extraneous" in reason
        or "mismatched" in reason
        or "viable" in reason
    ):
        return f"{source[offset : offset + 20]!r} is not expected here."
    return "it is incomplete." if reason.startswith("Incomplete") else f"{reason.rstrip('.')}."


def _syntax_hint(source: str) -> str | None:
    for wrong, right in ((" and ", "&&"), (" or ", "||"), (" not ", "!"), ("?.", "has(…)")):
        if wrong in f" {source} ":
            return f"CEL writes {right} for {wrong.strip()}."
    if re.search(r"(?<![=!<>])=(?!=)", source):
        return "CEL compares with ==."
    return None


def translated(error: Exception, source: str, paths: Iterable[str]) -> ExpressionError:
    """Translate an exception raised while evaluating.

    `paths`: the variables with members in the source, dotted.
    """
    about = f"`{source}` cannot be evaluated:"
    if isinstance(error, KeyError):
        missing = _missing_path(str(error.args[0]) if error.args else "?", paths)
        return ExpressionError(
            f"{about} there is no {missing}.", hint="If it may be missing, check has(…) first."
        )
    if isinstance(error, RuntimeError):
        return _translated_call(error, about)
    if isinstance(error, TypeError):
        return ExpressionTypeError(
            f"{about} the types of the values do not match the operation.",
            hint="CEL does not convert types: use int(x), double(x) or string(x); if x may be null, check that first.",
        )
    return ExpressionError(f"{about} {_arithmetic_reason(error)}.")


def _missing_path(member: str, paths: Iterable[str]) -> str:
    for path in sorted(paths):
        parts = path.split(".")
        if member in parts[1:]:
            return ".".join(parts[: parts.index(member, 1) + 1])
    return f"member {member!r}"


def _translated_call(error: RuntimeError, about: str) -> ExpressionError:
    if match := _UNDEFINED.search(str(error)):
        if match[1] in OVERLOADS:
            return ExpressionTypeError(f"{about} {match[1]}() does not accept these arguments.")
        hint = suggest(match[1], OVERLOADS, plural="")
        near = hint if hint.startswith("Did") else None
        return ExpressionError(f"{about} there is no function {match[1]}.", hint=near)
    if match := _FUNCTION.search(str(error)):
        reason = " ".join(match[2].split())
        return ExpressionError(
            f"{about} {reason if reason.startswith(match[1]) else f'{match[1]}: {reason}'}."
        )
    return ExpressionError(f"{about} a function failed.")


def _arithmetic_reason(error: Exception) -> str:
    if isinstance(error, ZeroDivisionError):
        return "it divides by zero"
    if isinstance(error, OverflowError):
        return "a number exceeds the range of 64 bits"
    if isinstance(error, IndexError):
        return "the list has no such item: its " + str(error).replace("index", "index is", 1)
    return "a value is not allowed there"
