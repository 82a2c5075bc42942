"""What an approver has to read: a step's request as text, and the diff of a draft against the approved version."""

import json
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from bot.cards import limits
from bot.cards.blocks import Block, context, section
from bot.cards.words import counted, escape_code, visible, who
from core.views.library import RunbookWithDiff, WorkflowWithDiff


def request_text(request: object) -> str:
    """Return a request as text: `POST https://…` with headers and body, a command line, a message, or JSON.

    Secrets in it were masked before it was stored.
    """
    if not isinstance(request, dict):
        return _json(request)
    if "method" in request and "url" in request:
        return _call(request)
    if isinstance(request.get("argv"), list):
        return _command(request)
    if "waits_for" in request:
        return _wait(request)
    if set(request) == {"message", "schema", "from", "expires"}:
        return _question(request)
    if set(request) in ({"text"}, {"text", "channel"}, {"message"}):
        return _said(request)
    return _json(request)


def _call(request: dict[str, object]) -> str:
    headers = request.get("headers")
    lines = [f"{request['method']} {request['url']}"]
    lines += [f"{name}: {value}" for name, value in headers.items()] if isinstance(headers, dict) else []
    if request.get("auth") is not None:
        lines.append(f"auth: {_json(request['auth'], indent=None)}")
    for name in ("query", "json", "body"):
        value = request.get(name)
        if value not in (None, "", {}):
            lines.append(value if isinstance(value, str) else _json(value, indent=None))
    return "\n".join(lines)


def _command(request: dict[str, object]) -> str:
    """Return it as it would be typed: `cd DIR`, the variables, the program with its arguments, and its stdin."""
    argv, env = request["argv"], request.get("env")
    assert isinstance(argv, list)
    variables = (
        [f"{name}={shlex.quote(str(value))}" for name, value in env.items()] if isinstance(env, dict) else []
    )
    line = " ".join([*variables, shlex.join(map(str, argv))])
    lines = [f"cd {shlex.quote(str(request['cwd']))}", line] if request.get("cwd") else [line]
    if request.get("stdin"):
        lines += ["with this input:", str(request["stdin"])]
    return "\n".join(lines)


def _said(request: dict[str, object]) -> str:
    to = f"in {request['channel']}:\n" if request.get("channel") else ""
    return f"{to}{request.get('text', request.get('message', ''))}"


def _question(request: dict[str, object]) -> str:
    """Return what a step asks people for: the question, each value with its schema, who may answer, and by when."""
    schema = request["schema"] if isinstance(request["schema"], dict) else {}
    properties = schema.get("properties") or {}
    lines = [f"{name}: {_json(inner, indent=None)}" for name, inner in properties.items()]
    limit = f", within {request['expires']}" if request["expires"] else ""
    return "\n".join([f"asks: {request['message']}", *lines, f"may answer: {request['from']}{limit}"])


def _wait(request: dict[str, object]) -> str:
    limit = request.get("for")
    if request["waits_for"] == "timer":
        return f"waits {limit}"
    return f"waits for a {request['waits_for']}{f', at most {limit}' if limit else ''}"


def _json(value: object, indent: int | None = 1) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str)


FENCES = len("```\n\n```")
MOST_SECTIONS = 4
LONGEST_LINE = 400  # of a diff; a longer one continues on the next line, after CONTINUED
CONTINUED = "↪ "  # no line of a diff begins with it

AnyWithDiff = RunbookWithDiff | WorkflowWithDiff


@dataclass(frozen=True)
class Changes:
    """`lines` is the text of the `blocks`. `is_cut`: the diff is truncated, and the card says so."""

    lines: Sequence[str]
    blocks: Sequence[Block]
    is_cut: bool = False


NOTHING = Changes((), ())


def changes_card(view: AnyWithDiff, *, approve: str | None) -> Changes:
    """Return the draft's diff. `approve` is the command that approves it, or None where it cannot be approved."""
    return diff_card(_sentence(view), view.diff or "", view, [f"Approve it: {approve}"] if approve else [])


def diff_card(said: str, diff: str, view: AnyWithDiff, hints: Sequence[str] = ()) -> Changes:
    """Return a sentence and the diff that it announces. The card says how much does not fit."""
    code = _Code.of(diff)
    hints = [*([f"… {code.left_out} {_where_everything_is(view)}"] if code.left_out else []), *hints]
    parts = [f"```\n{part}\n```" for part in code.parts]
    blocks = [section(said), *map(section, parts)]
    if hints:
        blocks.append(context("\n".join(hints)))
    return Changes([said, *parts, *hints], blocks, bool(code.left_out))


def _where_everything_is(view: AnyWithDiff) -> str:
    option = " --workflow" if isinstance(view, WorkflowWithDiff) else ""
    return (
        f"To see all of it: `runbook show{option} {view.name}` in a terminal, or `GET /api{_address(view)}`."
    )


def _address(view: AnyWithDiff) -> str:
    return f"/{'workflows' if isinstance(view, WorkflowWithDiff) else 'runbooks'}/{view.name}"


def _sentence(view: AnyWithDiff) -> str:
    written, before = f"v{view.version} was written by {who(view.changed_by)}", view.approved_version
    if view.diff is None:
        return f"{written}. No version has been approved yet."
    if not view.diff:
        return f"{written}. It is identical to v{before}, which was approved."
    return f"{written}. Changes from v{before}, which was approved:"


@dataclass(frozen=True)
class _Code:
    """A text in escaped parts that each fit into a section. `left_out` says in words what did not fit."""

    parts: Sequence[str]
    left_out: str

    @classmethod
    def of(cls, text: str) -> "_Code":
        lines = text.split("\n")[:-1]
        pieces = [_pieces(line) for line in lines]
        parts, count = _packed(piece for line in pieces for piece in line)
        ends = accumulate(len(line) for line in pieces)
        missing = sum(end > count for end in ends)
        left_out = (
            f"{counted(missing, 'more line')}: this is truncated, the full text has {len(text):,} characters."
        )
        return cls(parts, left_out if missing else "")


def _pieces(line: str) -> list[str]:
    """Return the line, wrapped into as many as it takes to show all of it."""
    shown = visible(line).replace("```", "ˋˋˋ")
    first, rest = shown[:LONGEST_LINE], shown[LONGEST_LINE:]
    width = LONGEST_LINE - len(CONTINUED)
    more = [f"{CONTINUED}{rest[start : start + width]}" for start in range(0, len(rest), width)]
    return [escape_code(piece) for piece in (first, *more)]


def _packed(lines: Iterable[str]) -> tuple[list[str], int]:
    """Return as many lines as fit into MOST_SECTIONS sections, and how many they are."""
    parts: list[str] = []
    count = 0
    for line in lines:
        if parts and len(parts[-1]) + len(line) + 1 + FENCES <= limits.SECTION_TEXT:
            parts[-1] += f"\n{line}"
        elif len(parts) < MOST_SECTIONS:
            parts.append(line)
        else:
            break
        count += 1
    return parts, count
