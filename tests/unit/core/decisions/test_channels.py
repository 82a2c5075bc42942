"""Which incident may use which channel, and where a definition may post."""

import pytest

from core.decisions.channels import ChannelUse, check_may_bind, check_may_post
from core.decisions.people import Person
from core.errors import Conflict, NotAllowed
from core.statuses import Role

WEB = Person("U0WEB", {"web": Role.RESPONDER})
BOTH = Person("U0BOTH", {"web": Role.RESPONDER, "data": Role.RESPONDER})
ADMIN = Person("U0ADMIN", is_platform_admin=True)
TAKEN = ChannelUse("C1", open_number=7, open_team="data", last_team="data")


@pytest.mark.parametrize(
    ("person", "use"),
    [
        (WEB, ChannelUse("C1")),
        (WEB, ChannelUse("C1", last_team="web")),
        (WEB, ChannelUse("C1", frozenset({"web"}), last_team="data")),
        (WEB, ChannelUse("C1", frozenset({"web", "data"}))),
        (ADMIN, ChannelUse("C1", last_team="data")),
    ],
)
def test_a_channel_that_is_free_and_nobody_elses_is_bound(person: Person, use: ChannelUse) -> None:
    check_may_bind(person, "web", use)


@pytest.mark.parametrize(
    ("person", "use"),
    [
        (WEB, TAKEN),
        (WEB, ChannelUse("C1", last_team="data")),
        (WEB, ChannelUse("C1", frozenset({"data"}))),
        (ADMIN, ChannelUse("C1", frozenset({"data"}))),
    ],
)
def test_another_teams_channel_is_refused_and_not_said_whose(person: Person, use: ChannelUse) -> None:
    with pytest.raises(NotAllowed, match="cannot be the channel of an incident of team web") as refused:
        check_may_bind(person, "web", use)

    assert "data" not in str(refused.value)


@pytest.mark.parametrize("person", [BOTH, ADMIN])
def test_who_may_see_the_incident_that_has_it_is_told_which(person: Person) -> None:
    with pytest.raises(Conflict, match="already the channel of inc-7"):
        check_may_bind(person, "web", TAKEN)


@pytest.mark.parametrize(("channel", "may"), [("C1", True), ("C2", True), ("C3", False), ("U1", False)])
def test_a_definition_posts_to_the_incidents_channel_and_to_declared_ones(channel: str, may: bool) -> None:
    if may:
        check_may_post(channel, "web", "C1", frozenset({"C2"}))
        return
    with pytest.raises(NotAllowed, match=f"{channel} is neither"):
        check_may_post(channel, "web", "C1", frozenset({"C2"}))
