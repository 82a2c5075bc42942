import pytest

from slack_sandbox.interactions.responses import carry_out, understand
from slack_sandbox.response_urls import ResponseUrl
from slack_sandbox.values import SlackError
from slack_sandbox.workspace.posting import post, post_ephemeral
from tests.unit.slack_sandbox.building import ALICE, GENERAL, NOW, a_draft, a_workspace

URL = ResponseUrl(ALICE, GENERAL, NOW)


def test_an_answer_is_shown_to_the_person_alone_unless_it_says_otherwise() -> None:
    workspace, _ = a_workspace()
    carry_out(workspace, URL, understand({"text": "quiet"}), NOW)
    carry_out(workspace, URL, understand({"text": "loud", "response_type": "in_channel"}), NOW)
    assert [message.content.text for message in workspace.ephemerals[GENERAL].values()] == ["quiet"]
    assert [message.content.text for message in workspace.histories[GENERAL]] == ["loud"]


def test_the_original_message_can_be_replaced_and_deleted() -> None:
    workspace, _ = a_workspace()
    original = post(workspace, a_draft(workspace), NOW)
    url = ResponseUrl(ALICE, GENERAL, NOW, original_ts=original.ts)
    carry_out(workspace, url, understand({"text": "new", "replace_original": True}), NOW)
    assert workspace.message(GENERAL, original.ts).content.text == "new"
    carry_out(workspace, url, understand({"delete_original": "true"}), NOW)
    assert workspace.histories[GENERAL].get(original.ts) is None


def test_an_ephemeral_original_can_be_replaced_and_deleted() -> None:
    workspace, recorder = a_workspace()
    original = post_ephemeral(workspace, a_draft(workspace), ALICE, NOW)
    url = ResponseUrl(ALICE, GENERAL, NOW, original_ts=original.ts)
    carry_out(workspace, url, understand({"text": "new", "replace_original": True}), NOW)
    assert workspace.ephemerals[GENERAL][original.ts].content.text == "new"
    carry_out(workspace, url, understand({"delete_original": True}), NOW)
    assert recorder.kinds == ["ephemeral", "ephemeral", "ephemeral_deleted"]


def test_what_people_wrote_is_not_the_apps_to_replace() -> None:
    workspace, _ = a_workspace()
    original = post(workspace, a_draft(workspace, by=ALICE), NOW)
    url = ResponseUrl(ALICE, GENERAL, NOW, original_ts=original.ts)
    with pytest.raises(SlackError, match="cant_update_message"):
        carry_out(workspace, url, understand({"text": "new", "replace_original": True}), NOW)


def test_an_answer_that_shows_nothing_is_refused() -> None:
    with pytest.raises(SlackError, match="no_text"):
        understand({})
