import pytest

from slack_sandbox.values import SlackError
from slack_sandbox.workspace import membership
from tests.unit.slack_sandbox.building import ALICE, APP, BOB, ELSEWHERE, GENERAL, NOW, PRIVATE, a_workspace


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("inc-12-orders_db", None),
        ("x" * 80, None),
        ("", "invalid_name_required"),
        ("x" * 81, "invalid_name_maxlength"),
        ("--", "invalid_name_punctuation"),
        ("Incident", "invalid_name_specials"),
        ("two words", "invalid_name_specials"),
    ],
)
def test_channel_names_follow_slacks_rules(name: str, error: str | None) -> None:
    assert membership.name_refusal(name) == error


def test_who_creates_a_channel_is_in_it() -> None:
    workspace, recorder = a_workspace()
    channel = membership.create(workspace, ALICE, "inc-12", NOW)
    assert channel.members == (ALICE,)
    assert recorder.kinds[0] == "channel"


def test_a_name_is_given_once() -> None:
    workspace, _ = a_workspace()
    with pytest.raises(SlackError, match="name_taken"):
        membership.create(workspace, ALICE, "general", NOW)


def test_joining_twice_changes_nothing() -> None:
    workspace, recorder = a_workspace()
    membership.join(workspace, workspace.channel(GENERAL), ALICE, NOW)
    assert recorder.shown == []


def test_the_app_hears_that_somebody_joined_and_who_invited_them() -> None:
    workspace, recorder = a_workspace()
    membership.join(workspace, workspace.channel(PRIVATE), BOB, NOW, inviter=ALICE)
    event = recorder.events[-1]
    assert (event["type"], event["user"], event["inviter"]) == ("member_joined_channel", BOB, ALICE)
    assert event["channel_type"] == "G"


def test_who_left_no_longer_sees_a_private_channel() -> None:
    workspace, _ = a_workspace()
    left = membership.leave(workspace, workspace.channel(PRIVATE), ALICE, NOW)
    assert not workspace.may_see(ALICE, left)


def test_archiving_closes_a_channel_once() -> None:
    workspace, _ = a_workspace()
    archived = membership.archive(workspace, workspace.channel(ELSEWHERE), ALICE, NOW)
    assert archived.is_archived
    with pytest.raises(SlackError, match="already_archived"):
        membership.archive(workspace, archived, ALICE, NOW)
    assert not membership.unarchive(workspace, archived, ALICE).is_archived


def test_the_general_channel_cannot_be_archived() -> None:
    workspace, _ = a_workspace()
    with pytest.raises(SlackError, match="cant_archive_general"):
        membership.archive(workspace, workspace.channel(GENERAL), ALICE, NOW)


def test_nobody_joins_an_archived_channel() -> None:
    workspace, _ = a_workspace()
    archived = membership.archive(workspace, workspace.channel(ELSEWHERE), ALICE, NOW)
    with pytest.raises(SlackError, match="is_archived"):
        membership.join(workspace, archived, APP, NOW)


def test_a_direct_message_is_opened_once() -> None:
    workspace, _ = a_workspace()
    first = membership.open_direct_message(workspace, ALICE, NOW)
    assert membership.open_direct_message(workspace, ALICE, NOW) == first
    assert not workspace.may_see(BOB, first)


def test_a_topic_has_at_most_250_characters() -> None:
    workspace, _ = a_workspace()
    with pytest.raises(SlackError, match="too_long"):
        membership.set_topic(workspace, workspace.channel(GENERAL), ALICE, "x" * 251, NOW)
