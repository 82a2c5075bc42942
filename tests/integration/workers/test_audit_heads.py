"""The clock writes the audit trail's head down: every hour, everywhere, and again where it could not."""

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from core.decisions.audit_chain import read_heads
from core.errors import NotAllowed
from core.io.egress import EgressPolicy
from core.io.http import HttpCaller
from core.unit_of_work import UnitOfWorkFactory
from tests.integration.core.test_audit_trail import write
from tests.world import Target, running_target
from workers.audit_heads import AGAIN, HOUR, HourlyHead, to_file, to_url
from workers.scheduler import seal_the_audit_trail


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as running:
        yield running


def sealed(unit_of_work: UnitOfWorkFactory) -> None:
    write(unit_of_work, 1)
    seal_the_audit_trail(unit_of_work)


def test_a_head_is_written_at_once_and_then_every_hour(
    unit_of_work: UnitOfWorkFactory, clock: Clock, tmp_path: Path
) -> None:
    file = tmp_path / "heads"
    head = HourlyHead("secret", {"file": to_file(file)}, clock)
    head.write_head(unit_of_work)
    assert not file.exists(), "nothing is sealed yet"
    for _ in range(3):
        sealed(unit_of_work)
        head.write_head(unit_of_work)
        clock.now += HOUR / 2

    assert [each.position for each in read_heads(file.read_text().splitlines(), "secret")] == [1, 3]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_one_that_fails_keeps_no_other_from_it_and_is_tried_again(
    unit_of_work: UnitOfWorkFactory, clock: Clock, tmp_path: Path
) -> None:
    tried: list[Mapping[str, object]] = []

    def fails(said: Mapping[str, object]) -> None:
        tried.append(said)
        raise OSError("full")

    sealed(unit_of_work)
    head = HourlyHead("secret", {"first": fails, "second": to_file(tmp_path / "heads")}, clock)
    head.write_head(unit_of_work)
    clock.now += AGAIN
    head.write_head(unit_of_work)

    assert len(tried) == len((tmp_path / "heads").read_text().splitlines()) == 2


def test_an_address_is_posted_to_where_the_egress_policy_lets_it(
    unit_of_work: UnitOfWorkFactory, clock: Clock, target: Target
) -> None:
    sealed(unit_of_work)
    allowed, closed = (
        HttpCaller(EgressPolicy.parse(entries)) for entries in (["127.0.0.1"], ["example.com"])
    )
    said = {"position": 1}
    to_url(f"{target.url}/heads", allowed)(said)
    with pytest.raises(NotAllowed):
        to_url(f"{target.url}/heads", closed)(said)

    assert target.paths() == ["/heads"]
