from slack_sandbox.block_kit.limits import with_identities
from slack_sandbox.values import Json

BUTTON: Json = {"type": "button", "text": {"type": "plain_text", "text": "Go"}}


def test_missing_ids_are_filled_in_and_given_ones_kept() -> None:
    blocks: list[Json] = [
        {"type": "actions", "elements": [BUTTON, {**BUTTON, "action_id": "mine"}]},
        {"type": "divider", "block_id": "line"},
    ]
    first, second = with_identities(blocks)
    assert first["block_id"]
    assert first["elements"][0]["action_id"]
    assert first["elements"][1]["action_id"] == "mine"
    assert second["block_id"] == "line"


def test_what_the_app_sent_is_left_alone() -> None:
    sent: list[Json] = [{"type": "section", "accessory": dict(BUTTON)}]
    with_identities(sent)
    assert sent == [{"type": "section", "accessory": BUTTON}]
