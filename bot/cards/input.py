"""The request for values: the message with the button that opens the form, and once it is answered what was entered."""

from bot.cards.about import freeze_blocks, freeze_words, metadata, plain_title, tag, title
from bot.cards.blocks import Block, Message, actions, button, section, sections
from bot.cards.limits import MESSAGE_TEXT
from bot.cards.words import (
    INPUT_SYMBOLS,
    bounded,
    code,
    deadline,
    escape,
    escape_message,
    escape_sentence,
    moment,
    visible,
    who,
)
from core.statuses import InputStatus
from core.views.executions import ExecutionView, InputView

ANSWER = "input.answer"
MOST_VALUES = 20
VALUE_LENGTH = 300


def input_card(execution: ExecutionView, asked: InputView, *, page: str = "") -> Message:
    """Return an open request with its button; a closed one with what was entered and by whom."""
    is_open = asked.status is InputStatus.OPEN
    blocks = _open_blocks(execution, asked) if is_open else _closed_blocks(execution, asked)
    return Message(_text(execution, asked), [*blocks, tag(execution, page)], metadata(execution))


def _open_blocks(execution: ExecutionView, asked: InputView) -> list[Block]:
    lead = f"{INPUT_SYMBOLS[asked.status]} {title(execution)} needs values, requested by "
    return [
        section(lead + who(execution.requested_by), block_id=f"input.{asked.id}"),
        section(escape_message(asked.message.strip())),
        section(_terms(asked)),
        *freeze_blocks(execution.freeze),
        actions([button(ANSWER, "Enter values", asked.id, style="primary")], block_id=f"enter.{asked.id}"),
    ]


def _terms(asked: InputView) -> str:
    """Return who may answer, and by when."""
    sentence = f"May answer: {escape_sentence(asked.respondents)}."
    if asked.expires_at is not None:
        sentence += f" Until {deadline(asked.opened_at, asked.expires_at)}."
    return sentence


def _closed_blocks(execution: ExecutionView, asked: InputView) -> list[Block]:
    lead = f"{INPUT_SYMBOLS[asked.status]} *{_outcome(asked)}* {title(execution)}"
    question = escape_message(asked.message.strip())
    return [section(lead, block_id=f"input.{asked.id}"), section(question), *sections(_values(asked))]


def _outcome(asked: InputView) -> str:
    if asked.status is InputStatus.ANSWERED and asked.closed_at is not None:
        return f"Values entered by {who(asked.answered_by or '?')} at {moment(asked.closed_at)}:"
    late = asked.status is InputStatus.EXPIRED
    return "Expired, nobody entered values in time:" if late else "Values no longer needed:"


def _values(asked: InputView) -> list[str]:
    given = list((asked.values or {}).items())
    lines = [f"{escape(name)}: {_value(value)}" for name, value in given[:MOST_VALUES]]
    return [*lines, f"… {len(given) - MOST_VALUES} more"] if len(given) > MOST_VALUES else lines


def _value(value: object) -> str:
    return code(visible(value) if isinstance(value, str) else value, VALUE_LENGTH)


def _text(execution: ExecutionView, asked: InputView) -> str:
    symbol, question = INPUT_SYMBOLS[asked.status], escape_message(asked.message.strip())
    if asked.status is InputStatus.OPEN:
        lead = f"{symbol} {plain_title(execution)} needs values: {question}"
        said = [lead, _terms(asked), freeze_words(execution.freeze)]
    else:
        said = [f"{symbol} {_outcome(asked)} {plain_title(execution)}: {question}", *_values(asked)]
    return bounded("\n".join(filter(None, said)), MESSAGE_TEXT)
