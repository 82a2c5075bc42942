"""The block_ids and action_ids that Slack makes up where an app gave none."""

from slack_sandbox.identifiers import new_secret
from slack_sandbox.json_types import Json


def with_identities(blocks: list[Json]) -> list[Json]:
    """The same blocks, each with a ``block_id`` and each interactive element with an ``action_id``."""
    return [_with_block_id(block) for block in blocks]


def _with_block_id(block: Json) -> Json:
    named = {**block, "block_id": block.get("block_id") or new_secret()[:5]}
    for key in ("accessory", "element"):
        if isinstance(named.get(key), dict):
            named[key] = _with_action_id(named[key])
    if named["type"] == "actions":
        named["elements"] = [_with_action_id(element) for element in named["elements"]]
    return named


def _with_action_id(element: Json) -> Json:
    if element.get("type") == "image" or element.get("action_id"):
        return element
    return {**element, "action_id": new_secret()[:5]}
