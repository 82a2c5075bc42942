"""What a fuzzing campaign takes for a finding."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from fuzz.record import Record

Ask = Callable[[], int]


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ask]:
    """Make something that answers with this status after so many seconds, which pass at once."""
    now = [0.0]
    monkeypatch.setattr("fuzz.record.time", SimpleNamespace(monotonic=lambda: now[0]))

    def make(*seconds: float, status: int = 200) -> Ask:
        left = iter(seconds)

        def ask() -> int:
            now[0] += next(left)
            return status

        return ask

    return make


@pytest.mark.parametrize(
    ("seconds", "found"),
    [((0.9,), []), ((1.1, 0.2), []), ((1.2, 1.1), ["1.1 s"]), ((1.1, 4.0), ["1.1 s"]), ((3.1,), ["3.1 s"])],
    ids=["in time", "late once", "late twice", "later the second time", "too late for Slack"],
)
def test_an_answer_that_is_late_is_a_finding_if_it_is_late_again(
    answering: Callable[..., Ask], tmp_path: Path, seconds: tuple[float, ...], found: list[str]
) -> None:
    campaign = Record(tmp_path)
    campaign.asked("slack", "a command", b"sent", answering(*seconds))
    assert [each.what for each in campaign.findings] == found
    assert sum(campaign.counts.values()) == 1


@pytest.mark.parametrize(("status", "found"), [(422, []), (500, ["500"]), (503, ["503"])])
def test_a_fault_is_a_finding_and_a_refusal_is_none(
    answering: Callable[..., Ask], tmp_path: Path, status: int, found: list[str]
) -> None:
    campaign = Record(tmp_path)
    campaign.asked("bodies", "a request", b"sent", answering(0.1, status=status))
    assert [each.what for each in campaign.findings] == found


def test_no_answer_is_a_finding_with_what_was_sent(tmp_path: Path) -> None:
    def ask() -> int:
        raise ConnectionError

    campaign = Record(tmp_path)
    campaign.asked("openapi", "a request", b"sent", ask)
    [finding] = campaign.findings
    assert finding.what == "ConnectionError"
    assert "sent" in finding.file.read_text()
