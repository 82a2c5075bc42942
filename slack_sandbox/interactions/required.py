"""What Slack itself checks before it hands a submitted modal to the app.

https://docs.slack.dev/reference/block-kit/blocks/input-block and .../plain-text-input-element
"""

from collections.abc import Sequence
from typing import Any

from slack_sandbox.interactions.elements import value_key
from slack_sandbox.json_types import Json


def input_errors(blocks: Sequence[Json], values: Json) -> dict[str, str]:
    """What to say beside each input block that cannot be submitted: {block_id: sentence}."""
    errors = {}
    for block in blocks:
        if block["type"] == "input":
            element = block["element"]
            state = values.get(block["block_id"], {}).get(element["action_id"], {})
            value = state.get(value_key(element))
            error = input_error(block, element, value)
            if error:
                errors[block["block_id"]] = error
    return errors


def input_error(block: Json, element: Json, value: Any) -> str | None:
    if value in (None, "", []):
        return None if block.get("optional") else "Please complete this required field."
    if not isinstance(value, str):
        return None
    least, most = element.get("min_length"), element.get("max_length")
    if least is not None and len(value) < least:
        return f"Please enter at least {least} characters."
    if most is not None and len(value) > most:
        return f"Please enter at most {most} characters."
    return None
