"""The token bucket."""

from bot.limits import RateLimit


class StoppedClock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_a_burst_goes_through_and_then_so_many_a_second() -> None:
    clock = StoppedClock()
    limit = RateLimit(rate=2, burst=3, clock=clock)

    assert [limit.take("a") for _ in range(4)] == [0, 0, 0, 1]
    clock.seconds += 0.49
    assert limit.take("a") == 1
    clock.seconds += 0.01
    assert (limit.take("a"), limit.take("a")) == (0, 1)


def test_each_token_has_its_own() -> None:
    limit = RateLimit(rate=1, burst=1, clock=StoppedClock())

    assert (limit.take("a"), limit.take("a"), limit.take("b")) == (0, 1, 0)


def test_a_slow_limit_says_how_long() -> None:
    limit = RateLimit(rate=0.1, burst=1, clock=StoppedClock())

    assert (limit.take("a"), limit.take("a")) == (0, 10)


def test_rest_does_not_grow_beyond_the_burst_and_nothing_is_kept_of_who_is_gone() -> None:
    clock = StoppedClock()
    limit = RateLimit(rate=1, burst=2, clock=clock)
    for number in range(10_000):
        limit.take(f"token {number}")
    clock.seconds += 3600

    assert [limit.take("another") for _ in range(3)] == [0, 0, 1]
    assert len(limit._buckets) == 1
