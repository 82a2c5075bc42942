from dataclasses import replace

import pytest

from slack_sandbox.values import SlackError
from slack_sandbox.workspace.membership import archive
from slack_sandbox.workspace.models import Content
from slack_sandbox.workspace.posting import delete, edit, post, post_ephemeral
from slack_sandbox.workspace.rendering import message_object
from tests.unit.slack_sandbox.building import (
    ALICE,
    BOB,
    ELSEWHERE,
    GENERAL,
    NOW,
    PRIVATE,
    a_draft,
    a_workspace,
)


def test_a_message_gets_a_ts_of_its_own_even_in_the_same_moment() -> None:
    workspace, _ = a_workspace()
    assert [post(workspace, a_draft(workspace), NOW).ts for _ in range(2)] == [
        "1763882000.000000",
        "1763882000.000001",
    ]


def test_a_post_to_an_archived_channel_is_refused() -> None:
    workspace, _ = a_workspace()
    archive(workspace, workspace.channel(ELSEWHERE), ALICE, NOW)
    with pytest.raises(SlackError, match="is_archived"):
        post(workspace, a_draft(workspace, channel=ELSEWHERE), NOW)


def test_a_reply_belongs_to_the_thread_of_its_parent() -> None:
    workspace, _ = a_workspace()
    parent = post(workspace, a_draft(workspace), NOW)
    reply = post(workspace, replace(a_draft(workspace), thread_ts=parent.ts), NOW)
    nested = post(workspace, replace(a_draft(workspace, by=ALICE), thread_ts=reply.ts), NOW)
    rendered = message_object(workspace, parent, metadata=False)
    assert nested.thread_ts == parent.ts
    assert (rendered["reply_count"], rendered["latest_reply"]) == (2, nested.ts)
    assert rendered["reply_users"] == ["U0RUNBOOK", ALICE]


def test_a_reply_stays_out_of_the_channel_unless_it_is_broadcast() -> None:
    workspace, _ = a_workspace()
    parent = post(workspace, a_draft(workspace), NOW)
    post(workspace, replace(a_draft(workspace), thread_ts=parent.ts), NOW)
    loud = post(workspace, replace(a_draft(workspace), thread_ts=parent.ts, broadcast=True), NOW)
    assert workspace.histories[GENERAL].top_level() == [parent, loud]
    assert loud.subtype == "thread_broadcast"


def test_a_reply_to_nothing_is_refused() -> None:
    workspace, _ = a_workspace()
    with pytest.raises(SlackError, match="thread_not_found"):
        post(workspace, replace(a_draft(workspace), thread_ts="1.000000"), NOW)


def test_a_new_reply_shows_the_parent_anew() -> None:
    workspace, recorder = a_workspace()
    parent = post(workspace, a_draft(workspace), NOW)
    post(workspace, replace(a_draft(workspace), thread_ts=parent.ts), NOW)
    assert recorder.kinds == ["message", "message", "message_changed"]


def test_messages_of_a_private_channel_are_shown_to_its_members_alone() -> None:
    workspace, recorder = a_workspace()
    post(workspace, a_draft(workspace, channel=PRIVATE), NOW)
    assert recorder.shown[0][2] == frozenset([ALICE, "U0RUNBOOK"])


def test_an_ephemeral_message_is_shown_to_one_person_and_kept_out_of_the_history() -> None:
    workspace, recorder = a_workspace()
    message = post_ephemeral(workspace, a_draft(workspace), ALICE, NOW)
    assert recorder.shown[0][2] == frozenset([ALICE])
    assert workspace.histories[GENERAL].get(message.ts) is None


def test_an_ephemeral_message_to_somebody_outside_the_channel_is_refused() -> None:
    workspace, _ = a_workspace()
    with pytest.raises(SlackError, match="user_not_in_channel"):
        post_ephemeral(workspace, a_draft(workspace, channel=PRIVATE), BOB, NOW)


def test_an_edit_of_text_is_flagged_and_one_with_blocks_is_not() -> None:
    workspace, _ = a_workspace()
    message = post(workspace, a_draft(workspace), NOW)
    with_blocks = edit(workspace, message, Content("x", ({"type": "divider"},)), None, NOW)
    plain = edit(workspace, message, Content("x"), None, NOW)
    assert with_blocks.edited is None
    assert plain.edited is not None


def test_a_deleted_message_is_gone_but_one_with_replies_leaves_a_tombstone() -> None:
    workspace, _ = a_workspace()
    alone, parent = (post(workspace, a_draft(workspace), NOW) for _ in range(2))
    post(workspace, replace(a_draft(workspace), thread_ts=parent.ts), NOW)
    delete(workspace, alone)
    delete(workspace, parent)
    assert workspace.histories[GENERAL].get(alone.ts) is None
    assert workspace.message(GENERAL, parent.ts).subtype == "tombstone"


def test_the_app_hears_what_is_said_where_it_is_a_member() -> None:
    workspace, recorder = a_workspace()
    post(workspace, a_draft(workspace, by=ALICE), NOW)
    post(workspace, a_draft(workspace, by=ALICE, channel=ELSEWHERE), NOW)
    assert [event["channel"] for event in recorder.events] == [GENERAL]


def test_a_mention_of_the_app_is_an_event_of_its_own() -> None:
    workspace, recorder = a_workspace()
    post(workspace, a_draft(workspace, "<@U0RUNBOOK> help", by=ALICE), NOW)
    assert [event["type"] for event in recorder.events] == ["message", "app_mention"]


def test_metadata_is_rendered_only_for_those_who_ask() -> None:
    workspace, _ = a_workspace()
    metadata = {"event_type": "x", "event_payload": {}}
    message = post(workspace, replace(a_draft(workspace), metadata=metadata), NOW)
    assert "metadata" not in message_object(workspace, message, metadata=False)
    assert message_object(workspace, message, metadata=True)["metadata"] == metadata
