"""A form made from a JSON Schema: its view, what was entered into it, and the errors under its fields."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.cards.blocks import Block, section
from bot.modals import limits
from bot.modals.fields import PREFIX, entered, input_blocks
from core.definitions.parameters import Schema, declared, parse_key_values
from core.errors import InvalidInput
from core.values.execution import Json

View = dict[str, object]


@dataclass(frozen=True)
class Purpose:
    """What a form is for: its callback id, its title, the text of its button, and what its view stores."""

    callback_id: str
    title: str
    submit: str
    metadata: str


@dataclass(frozen=True)
class Around:
    """The blocks around the fields of a form: `above` them, and `below` them."""

    above: tuple[Block, ...] = ()
    below: tuple[Block, ...] = ()


def form_view(
    purpose: Purpose, schema: Schema, given: Mapping[str, object], above: list[Block] | None = None
) -> View | None:
    """Return the view for `views.open`; None if it exceeds Slack's limits, for example with too many fields.

    `given`: what is entered already. `above`: blocks above the fields.
    """
    return (
        form_around(purpose, input_blocks(schema, given), Around(tuple(above or ())))
        if declared(schema)
        else None
    )


def form_around(purpose: Purpose, inputs: list[Block], around: Around) -> View | None:
    """Return the view with these fields, of which there may be none; None if it exceeds Slack's limits."""
    blocks = [*around.above, *inputs, *around.below]
    ids = [str(block["block_id"]) for block in inputs]
    if len(blocks) > limits.BLOCKS or len(purpose.metadata) > limits.PRIVATE_METADATA:
        return None
    if any(len(block_id) > limits.BLOCK_ID for block_id in ids):
        return None
    return modal(purpose.title, blocks) | {
        "callback_id": purpose.callback_id,
        "submit": {"type": "plain_text", "text": purpose.submit},
        "private_metadata": purpose.metadata,
    }


def modal(title: str, blocks: list[Block]) -> View:
    """Return a modal with these blocks and a button that closes it."""
    shown = title if len(title) <= limits.TITLE else title[: limits.TITLE - 1] + "…"
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": shown},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": blocks,
    }


@dataclass(frozen=True)
class Submitted:
    """The result of a submitted form: it was accepted (`said`), fields must be corrected (`errors`), or another view
    follows (`then`).
    """

    said: str = ""
    errors: Mapping[str, str] | None = None
    then: View | None = None


@dataclass
class Entered:
    """What was entered. `schema`: by which it was read, as soon as it was."""

    state: Mapping[str, Any]
    schema: Schema = field(default_factory=dict)

    def read(self, schema: Schema) -> Mapping[str, Json]:
        """Raises InvalidInput for what is no value of its field."""
        self.schema = schema
        return parse_key_values(entered(self.state, schema), schema)

    def errors(self, error: InvalidInput) -> dict[str, str]:
        """Return the errors by block id, as Slack shows them under the limits. One without a field goes to the first.

        Raises the error itself if the form has no limits.
        """
        names = list(declared(self.schema))
        if not names:
            raise error
        found: dict[str, str] = {}
        for problem in error.problems or (error,):
            name = str(getattr(problem, "field", None) or "").split(".")[0]
            found.setdefault(f"{PREFIX}{name if name in names else names[0]}", str(problem))
        return found


def refusal(title: str, sentence: str) -> View:
    """Return the view that replaces the form and says why it was refused."""
    return modal(title, [section(sentence)])
