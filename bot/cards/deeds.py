"""What an approval lets run: the whole parameters and the requests, in code; what is too long is cut, and says so."""

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
    escape_sentence,
    one_line,
    visible,
)
from core.views.executions import ExecutionView, ShownStepView

SHORT = 120  # characters of a parameter that stands in a line with others
LINES = 2_900  # characters of such lines: one section
BLOCK = 2_600  # characters of one code block, beside its heading and a word that it is cut in a section
ROOM = 8_000  # characters of all code blocks: Slack refuses a message with more than it takes, msg_blocks_too_long
LEAST = 200  # characters that are shown of each, however many there are
NAME_LENGTH = 150
ERROR_LENGTH = 300
TEXT_LENGTH = 300  # characters of a request in the text that stands alone


@dataclass(frozen=True)
class Space:
    """How much a card has room for. `whole`: where the whole can be read, as markup."""

    whole: str
    room: int = ROOM
    most: int = 20


@dataclass(frozen=True)
class _Piece:
    """Something that is shown in code under a heading."""

    heading: str
    text: str


def where_whole(execution: ExecutionView, page: str) -> str:
    """Where all of it can be read: the run's page, where there is one; otherwise the command line."""
    return (
        f"<{escape(page)}|The whole is on the run's page>"
        if page
        else f"The whole: `runbook status {execution.id}`"
    )


def deed_blocks(execution: ExecutionView, shown: Sequence[ShownStepView], space: Space) -> list[Block]:
    """The parameters and what each step will ask for."""
    lines, long = _parameters(execution)
    pieces = [*long, *(_step(number, step) for number, step in enumerate(shown, start=1))]
    return [*_lines(lines, space), *_legend(shown), *_pieces(pieces, space)]


def deed_lines(shown: Iterable[ShownStepView]) -> list[str]:
    """The same in a line each, for the text that stands alone."""
    return [f"{escape(step.step)}: {_line(step)}" for step in shown]


def _line(step: ShownStepView) -> str:
    if step.runs == "no":
        return "is skipped"
    return (
        bounded(escape(one_line(visible(request_text(step.request)))), TEXT_LENGTH)
        if step.request
        else step.type
    )


def _parameters(execution: ExecutionView) -> tuple[list[str], list[_Piece]]:
    """The short ones as they stand in a line, the others in code blocks of their own."""
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
    kept = [line for at, line in enumerate(lines) if sum(map(len, lines[: at + 1])) + 3 * at < LINES - 300]
    more = f"⚠️ *Cut:* {len(lines) - len(kept)} of {len(lines)} parameters are not shown. {space.whole}."
    return sections([" · ".join(kept), more])


def _legend(shown: Sequence[ShownStepView]) -> list[Block]:
    if not shown:
        return [section("*What will be sent:* nothing more, this was the last step.")]
    later = (
        " `‹…›` is what earlier steps will bring." if any(step.depends_on_results for step in shown) else ""
    )
    return [section(f"*What will be sent* once it is approved:{later}")]


def _step(number: int, step: ShownStepView) -> _Piece:
    heading = (
        f"{number}. *{bounded(escape(one_line(step.name or step.step)), NAME_LENGTH)}* ({escape(step.type)})"
    )
    if step.runs == "no":
        return _Piece(f"{heading}, skipped: {code(step.condition)} does not hold", "")
    if step.runs == "depends":
        heading += f", only if {code(step.condition, SHORT * 4)}"
    if step.error:
        said = bounded(escape_sentence(one_line(step.error)), ERROR_LENGTH)
        return _Piece(f"{heading}\n❌ would fail: {said}", "")
    return _Piece(heading, visible(request_text(step.request)) if step.request is not None else "")


def _pieces(pieces: Sequence[_Piece], space: Space) -> list[Block]:
    """Each gets its share of the room that is left; what one does not need is the next one's."""
    room, blocks = space.room, list[Block]()
    for at, piece in enumerate(pieces[: space.most]):
        share = max(LEAST, min(BLOCK, room // (len(pieces[: space.most]) - at)))
        blocks.append(section(_piece(piece, share, space.whole)))
        room -= min(len(piece.text), share)
    if len(pieces) > space.most:
        more = f"⚠️ *Cut:* {len(pieces) - space.most} more are not shown here. {space.whole}."
        blocks.append(section(more))
    return blocks


def _piece(piece: _Piece, share: int, whole: str) -> str:
    if not piece.text:
        return piece.heading
    share = min(share, SECTION_TEXT - len(piece.heading) - len(whole) - 150)
    if len(escape(piece.text)) <= share:
        return f"{piece.heading}\n{code_block(piece.text, share + 20)}"
    cut = f"⚠️ *Cut:* about {share:,} of {len(piece.text):,} characters are shown. {whole}."
    return f"{piece.heading}\n{code_block(piece.text, share)}\n{cut}"
