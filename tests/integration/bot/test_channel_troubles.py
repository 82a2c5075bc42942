"""An incident's channel that is renamed, archived, or that the app is removed from: told once, with the way back."""

import pytest
from sqlalchemy import select

from core.services.access.people import load_person
from core.services.incidents.channel_troubles import ChannelNews, channel_changed
from core.services.incidents.opening import change_status
from core.services.incidents.timeline import last_lines
from core.statuses import IncidentStatus
from core.tables import Incident, Notice
from tests.integration.bot.world import ADMIN_OF_TEAM, CHANNEL, OPS, BotWorld
from tests.world import TEAMS, apply_documents

TEAM_CHANNEL = "C0RUN0"


def happens(world: BotWorld, news: ChannelNews, name: str = "", times: int = 1) -> None:
    for _ in range(times):
        with world.unit_of_work.begin() as work:
            channel_changed(work, CHANNEL, news, name)


def told(world: BotWorld) -> list[tuple[str | None, str]]:
    with world.unit_of_work.begin() as work:
        rows = work.session.scalars(select(Notice).where(Notice.kind == "message").order_by(Notice.number))
        return [(row.channel, row.content["text"]) for row in rows]


def timeline(world: BotWorld, incident: Incident) -> list[str]:
    with world.unit_of_work.begin() as work:
        return [line.text for line in last_lines(work, work.session.get_one(Incident, incident.id), 20)]


@pytest.mark.parametrize(
    ("news", "said", "way_back"),
    [
        (ChannelNews.ARCHIVED, "was archived", "unarchive it"),
        (ChannelNews.LEFT, "removed me", "`/invite`"),
        (ChannelNews.DELETED, "was deleted", "open another one"),
        (ChannelNews.REFUSED, "takes no messages", "`/invite`"),
    ],
)
def test_it_is_told_once_to_who_opened_the_incident_and_to_the_teams_admin(
    world: BotWorld, incident: Incident, news: ChannelNews, said: str, way_back: str
) -> None:
    happens(world, news, times=3)
    assert [place for place, _ in told(world)] == [OPS, ADMIN_OF_TEAM]
    [text] = {text for _, text in told(world)}
    assert f"The channel of inc-{incident.number}, <#{CHANNEL}>, {said}" in text
    assert "The way back" in text
    assert way_back in text


def test_a_team_with_a_channel_of_its_own_is_told_there(world: BotWorld, incident: Incident) -> None:
    team = TEAMS.split("---", maxsplit=1)[0]
    apply_documents(world.unit_of_work, f"{team}channels: [{TEAM_CHANNEL}, {CHANNEL}]\n")
    happens(world, ChannelNews.ARCHIVED)
    assert [place for place, _ in told(world)] == [TEAM_CHANNEL]


def test_removed_twice_in_slacks_two_ways_of_saying_so_is_told_once_and_again_after_it_came_back(
    world: BotWorld, incident: Incident
) -> None:
    happens(world, ChannelNews.LEFT, times=2)
    happens(world, ChannelNews.BACK)
    happens(world, ChannelNews.LEFT)
    assert len(told(world)) == 2 * 2
    assert timeline(world, incident)[-3:] == [
        "the app was removed from the channel: it cannot post there",
        "the channel can be posted to again",
        "the app was removed from the channel: it cannot post there",
    ]


def test_a_renamed_channel_hears_that_nothing_else_changes(world: BotWorld, incident: Incident) -> None:
    world.settle()
    happens(world, ChannelNews.RENAMED, "orders-again", times=2)
    world.settle()
    [text] = [each["text"] for each in world.messages() if "orders-again" in each["text"]]
    assert text == (
        f"This channel is now named orders-again. It is still the channel of inc-{incident.number}; "
        "nothing else changes."
    )


def test_a_joining_app_is_no_news_before_any_trouble(world: BotWorld, incident: Incident) -> None:
    happens(world, ChannelNews.BACK)
    assert not [line for line in timeline(world, incident) if "channel" in line]


def test_channels_without_an_open_incident_are_nobodys_concern(world: BotWorld, incident: Incident) -> None:
    with world.unit_of_work.begin() as work:
        row = work.session.get_one(Incident, incident.id)
        change_status(work, load_person(work, OPS, source="test"), row, IncidentStatus.CLOSED)
        channel_changed(work, CHANNEL, ChannelNews.ARCHIVED)
        channel_changed(work, "C0ELSEWHERE", ChannelNews.ARCHIVED)
    assert told(world) == []


def test_a_refused_message_finds_it_out_where_no_event_came_and_what_was_missed_follows(
    world: BotWorld, incident: Incident
) -> None:
    world.settle()
    world.people.do(f"/channels/{CHANNEL}/archive", user=OPS)
    world.run(incident, "check")
    world.settle()
    assert len([text for _, text in told(world) if "takes no messages" in text]) == 2
    world.people.do(f"/channels/{CHANNEL}/unarchive", user=OPS)
    happens(world, ChannelNews.BACK)
    world.settle()
    assert "headline" in world.kinds()
    assert "outcome" in world.kinds()


def test_a_channel_that_was_made_private_without_the_app_is_found_out_by_the_first_message(
    world: BotWorld, incident: Incident
) -> None:
    world.settle()
    gone = {"method": "chat.postMessage", "kind": "error", "error": "channel_not_found", "times": 1}
    world.people.play(gone)
    world.run(incident, "check")
    world.settle()
    assert [place for place, _ in told(world)] == [OPS, ADMIN_OF_TEAM]
    assert "the channel cannot be posted to any more" in timeline(world, incident)
