"""A clock that can be moved: triggers, response URLs and scheduled messages grow old at once."""

from datetime import datetime, timedelta

from slack_sandbox.values import Clock


class MovableClock:
    """The time of another clock, and what it was moved by."""

    def __init__(self, real: Clock) -> None:
        self.real = real
        self.moved_by = timedelta(0)

    def __call__(self) -> datetime:
        return self.real() + self.moved_by

    def move(self, seconds: float) -> None:
        """Only forward: a message can never be older than the one before it."""
        self.moved_by += timedelta(seconds=max(0.0, seconds))
