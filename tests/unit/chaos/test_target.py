"""The target answers as it should not."""

import time
from collections.abc import Iterator

import httpx2
import pytest

from chaos.target import Target


@pytest.fixture
def target() -> Iterator[Target]:
    with Target() as running:
        yield running


def call(target: Target, path: str, key: str = "k") -> httpx2.Response:
    return httpx2.post(f"{target.url}/{path}", headers={"Idempotency-Key": key}, trust_env=False)


def test_every_call_is_written_down_with_its_key(target: Target) -> None:
    assert call(target, "ok/2").status_code == httpx2.codes.OK
    [written] = target.calls()
    assert (written.key, written.kind, written.edition, written.effect) == ("k", "ok", "2", True)


def test_a_flaky_one_refuses_the_first_call_of_a_key(target: Target) -> None:
    assert [call(target, "flaky/1").status_code for _ in range(2)] == [503, 200]
    assert [each.effect for each in target.calls()] == [False, True]


def test_one_that_is_looked_at_is_ready_from_the_third_look_on(target: Target) -> None:
    assert [call(target, "later/1").json()["ready"] for _ in range(4)] == [False, False, True, True]
    assert not call(target, "later/1", key="another").json()["ready"]
    assert not any(call(target, "never/1", key="n").json()["ready"] for _ in range(4))


@pytest.mark.parametrize(("kind", "bytes_"), [("drip", 4), ("drip-headers", 38)])
def test_a_dripping_one_sends_one_byte_after_the_other(target: Target, kind: str, bytes_: int) -> None:
    begun = time.monotonic()
    assert call(target, f"{kind}/1?seconds=0.01").status_code == httpx2.codes.OK
    assert time.monotonic() - begun > 0.01 * bytes_


def test_an_endless_one_may_be_left(target: Target) -> None:
    with httpx2.stream("POST", f"{target.url}/endless/1", trust_env=False) as response:
        assert len(next(response.iter_raw(1_000_000))) == 1_000_000
        assert response.headers["Content-Length"] == "1000000000"


def test_a_luckless_call_is_refused_for_every_other_key_each_time(target: Target) -> None:
    answers = [[target.record("POST", str(key), "luckless", "1") for key in range(40)] for _ in range(2)]
    assert answers[0] == answers[1]
    assert 10 < sum(answers[0]) < 30
