"""What an approval allows to run: parameters and requests as code blocks. Where one is truncated, the card says so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.cards.blocks import Block, section, sections
from bot.cards.changes import request_text
from bot.cards.limits import SECTION_TEXT
from bot.cards.words import (
    as_text,
    bounded,
    code,
    code_block,
    escape,
    escape_code,
    escape_sentence,
    link,
    one_line,
    visible,
)
from core.views.executions import ExecutionView, ShownStepView

SHORT = 120  # characters of a parameter that stands in a line with others
LINES = 2_900  # characters of all such lines: one section
BLOCK = 2_600  # characters of one code block; leaves room in its section for the heading and the truncation warning
ROOM = 8_000  # characters of all code blocks: Slack refuses a message with too many (msg_blocks_too_long)
LEAST = 200  # characters that are shown of each block, however many there are
NAME_LENGTH = 150
ERROR_LENGTH = 300
TEXT_LENGTH = 300  # characters of a request in the message's `text`


@dataclass(frozen=True)
class Space:
    """How much room a card has.

    `full_text`: where everything can be read, as a sentence in Slack's markup. `room`: characters of all code blocks.
    `most`: number of blocks.
    """

    full_text: str
    room: int = ROOM
    most: int = 20


@dataclass(frozen=True)
class _Piece:
    """A text that is shown as a code block below a heading."""

    heading: str
    text: str


def where_full_text_is(execution: ExecutionView, page: str) -> str:
    """Return where everything can be read: on the run's page if there is one, otherwise on the command line."""
    return (
        link(page, "See everything on the run's page")
        if page
        else f"See everything with `runbook status {execution.id}`"
    )


def request_blocks(execution: ExecutionView, shown: Sequence[ShownStepView], space: Space) -> list[Block]:
    """Return the parameters, and the request of each step."""
    lines, long = _parameters(execution)
    pieces = [*long, *(_step(number, step) for number, step in enumerate(shown, start=1))]
    return [*_lines(lines, space), *_legend(shown), *_pieces(pieces, space)]


def request_lines(shown: Iterable[ShownStepView]) -> list[str]:
    """Return one line for each step, for the message's `text`."""
    return [f"{escape(step.step)}: {_line(step)}" for step in shown]


def _line(step: ShownStepView) -> str:
    if step.runs == "no":
        return "skipped"
    return (
        bounded(escape(one_line(visible(request_text(step.request)))), TEXT_LENGTH)
        if step.request
        else step.type
    )


def _parameters(execution: ExecutionView) -> tuple[list[str], list[_Piece]]:
    """Return the short ones for a shared line, and the others as code blocks of their own."""
    lines, long = [], []
    for name, value in execution.parameters.items():
        text = visible(as_text(value))
        if len(text) <= SHORT and one_line(text) == text and "`" not in text:
            lines.append(f"{escape(one_line(name))} {code(text)}")
        else:
            long.append(_Piece(f"*{bounded(escape(one_line(name)), NAME_LENGTH)}*", text))
    return lines, long


def _lines(lines: Sequence[str], space: Space) -> list[Block]:
    if not lines:
        return []
    text = " · ".join(lines)
    if len(text) <= LINES:
        return [section(text)]
    shown = [line for at, line in enumerate(lines) if sum(map(len, lines[: at + 1])) + 3 * at < LINES - 300]
    hidden = f"{len(lines) - len(shown)} of {len(lines)} parameters are not shown"
    return sections([" · ".join(shown), f"⚠️ *Truncated:* {hidden}. {space.full_text}."])


def _legend(shown: Sequence[ShownStepView]) -> list[Block]:
    if not shown:
        return [section("*What will be sent:* nothing, this was the last step.")]
    later = (
        " `‹…›` stands for the results of earlier steps."
        if any(step.depends_on_results for step in shown)
        else ""
    )
    return [section(f"*What will be sent* once it is approved:{later}")]


def _step(number: int, step: ShownStepView) -> _Piece:
    heading = (
        f"{number}. *{bounded(escape(one_line(step.name or step.step)), NAME_LENGTH)}* ({escape(step.type)})"
    )
    if step.runs == "no":
        return _Piece(f"{heading}, skipped: {code(step.condition)} is false", "")
    if step.runs == "depends":
        heading += f", only if {code(step.condition, SHORT * 4)}"
    if step.error:
        said = bounded(escape_sentence(one_line(step.error)), ERROR_LENGTH)
        return _Piece(f"{heading}\n❌ would fail: {said}", "")
    return _Piece(heading, visible(request_text(step.request)) if step.request is not None else "")


def _pieces(pieces: Sequence[_Piece], space: Space) -> list[Block]:
    """Return a section for each. Each gets a share of the remaining room; what it does not use goes to the next."""
    room, blocks = space.room, list[Block]()
    for at, piece in enumerate(pieces[: space.most]):
        share = max(LEAST, min(BLOCK, room // (len(pieces[: space.most]) - at)))
        blocks.append(section(_piece(piece, share, space.full_text)))
        room -= min(len(piece.text), share)
    if len(pieces) > space.most:
        hidden = len(pieces) - space.most
        more = f"⚠️ *Truncated:* {hidden} more {'is' if hidden == 1 else 'are'} not shown here. {space.full_text}."
        blocks.append(section(more))
    return blocks


def _piece(piece: _Piece, share: int, full_text: str) -> str:
    if not piece.text:
        return piece.heading
    share = min(share, SECTION_TEXT - len(piece.heading) - len(full_text) - 150)
    if len(escape_code(piece.text)) <= share:
        return f"{piece.heading}\n{code_block(piece.text, share + 20)}"
    cut = f"⚠️ *Truncated:* about {share:,} of {len(piece.text):,} characters are shown. {full_text}."
    return f"{piece.heading}\n{code_block(piece.text, share)}\n{cut}"
