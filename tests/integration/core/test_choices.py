"""Choices that are fetched when a form opens: with the rules of http steps, within two seconds, and nothing else."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from core.definitions.choices import Choice, NotFetched
from core.definitions.secret import SecretUse
from core.effects.choices import Asking, ChoiceFetcher, as_choices
from core.errors import NotFound
from core.execution.preparation import Ports
from core.io.egress import EgressPolicy
from core.io.http import HttpCaller, HttpRequest, NoAnswer
from core.io.response import HttpResponse
from core.values.destinations import Destinations
from core.values.execution import Json
from tests.world import Target, running_target

ASKING = Asking("database", {"id": "inc_1", "service": "orders-db", "team": "database"}, "U0DBOPS")


@dataclass
class Secrets:
    """One secret, which may go to one host. `uses`: who asked for it."""

    host: str = "127.0.0.1"
    uses: list[SecretUse] = field(default_factory=list)

    def give(self, name: str, use: SecretUse) -> tuple[str, Destinations]:
        self.uses.append(use)
        if use.team != "database":
            raise NotFound(f"There is no secret {name}.")
        return "S3CRET-value", Destinations(name, (self.host,))

    def hidden(self) -> tuple[str, ...]:
        return ("S3CRET-value",)


@dataclass
class Silent:
    """A port that is asked, and never answered. `limits`: how long it was given."""

    limits: list[timedelta] = field(default_factory=list)

    def call(self, request: HttpRequest, limit: timedelta, stop: threading.Event) -> HttpResponse:
        assert (request.method, stop.is_set()) == ("GET", False)
        self.limits.append(limit)
        raise NoAnswer("No complete answer within 2 s.")

    def close(self) -> None:
        pass


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as running:
        yield running


def schema(url: str, **more: object) -> dict[str, object]:
    return {"properties": {"host": {"type": "string", "x-choices": {"step": "http", "url": url, **more}}}}


def fetcher(secrets: Secrets | None = None, reach: str = "127.0.0.1") -> ChoiceFetcher:
    return ChoiceFetcher(Ports(HttpCaller(EgressPolicy.parse([reach])), None, secrets or Secrets()))


def test_choices_come_from_the_answer_for_this_incident(target: Target) -> None:
    target.bodies["/hosts"] = b'{"items": [{"n": "db-1", "t": "Primary"}, {"n": "db-2", "t": ""}]}'
    asked = schema(
        f"{target.url}/hosts",
        query={"service": "{{ incident.service }}"},
        choices='response.json.items.map(i, {"value": i.n, "text": i.t})',
    )
    assert fetcher().fetch(asked, ASKING) == {"host": [Choice("db-1", "Primary"), Choice("db-2", "db-2")]}
    [(method, path, _)] = target.calls
    assert (method, path) == ("GET", "/hosts?service=orders-db")


def test_a_secret_goes_only_to_its_host_and_only_for_the_runbooks_team(target: Target) -> None:
    target.bodies["/hosts"] = b'["a"]'
    asked = schema(f"{target.url}/hosts", headers={"Authorization": "Bearer {{ secrets.TOKEN }}"})
    secrets = Secrets()
    assert fetcher(secrets).fetch(asked, ASKING) == {"host": [Choice("a", "a")]}
    assert secrets.uses == [SecretUse("database", "http", keeps_to_hosts=True)]

    elsewhere = fetcher(Secrets("other.example")).fetch(asked, ASKING)["host"]
    assert isinstance(elsewhere, NotFetched)
    theirs = fetcher().fetch(asked, Asking("web", ASKING.incident, "U0WEB"))["host"]
    assert theirs == NotFetched("There is no secret TOKEN.")
    assert len(target.calls) == 1


def test_a_secret_in_the_answer_is_in_no_choice(target: Target) -> None:
    target.bodies["/hosts"] = b'["S3CRET-value"]'
    [choice] = fetcher().fetch(schema(f"{target.url}/hosts"), ASKING)["host"]  # type: ignore[misc]  # a list
    assert "S3CRET" not in choice.value


def test_a_host_that_steps_may_not_reach_is_not_asked(target: Target) -> None:
    found = fetcher(reach="inventory.example").fetch(schema(f"{target.url}/hosts"), ASKING)["host"]
    assert isinstance(found, NotFetched)
    assert target.calls == []


def test_a_fetch_has_two_seconds() -> None:
    silent = Silent()
    found = ChoiceFetcher(Ports(silent, None, Secrets())).fetch(schema("https://slow.example/"), ASKING)
    assert found == {"host": NotFetched("No complete answer within 2 s.")}
    assert silent.limits[0] <= timedelta(seconds=2)


@pytest.mark.parametrize(
    ("status", "body"), [(500, b'["a"]'), (200, b"<html>"), (200, b'{"a": 1}'), (200, b"[]")]
)
def test_any_other_answer_is_a_sentence(target: Target, status: int, body: bytes) -> None:
    target.bodies["/hosts"], target.answers["/hosts"] = body, status
    found = fetcher().fetch(schema(f"{target.url}/hosts"), ASKING)["host"]
    assert isinstance(found, NotFetched)
    assert found.why.endswith((".", "400"))


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ([], "no list"),
        (None, "no list"),
        ([f"h{n}" for n in range(101)], "more than 100"),
        (["x" * 151], "longer than 150"),
        ([""], "empty"),
        ([{"name": "a"}], "empty"),
        ([["a"]], "empty"),
        ([True], "empty"),
        (["1", 1], "twice"),
    ],
)
def test_what_no_menu_can_hold_is_a_sentence(found: Json, why: str) -> None:
    read = as_choices(found)
    assert isinstance(read, NotFetched)
    assert why in read.why
