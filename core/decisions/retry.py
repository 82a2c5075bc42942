"""Whether a failed step is tried again, and when."""

from datetime import timedelta

from core.decisions.execution import StepPolicy


def retry_delay(policy: StepPolicy, attempt: int, asked: timedelta | None = None) -> timedelta | None:
    """How long to wait before the attempt after `attempt` (counted from 1); None: it is not tried again.

    The wait doubles with every attempt; it is no shorter than what the other side `asked` for. `max_backoff` is the
    longest, whoever asks.
    """
    if not policy.repeatable or attempt >= policy.attempts:
        return None
    doubled = policy.backoff * (1 << min(max(attempt - 1, 0), 20))
    return min(max(doubled, asked or timedelta(0)), policy.max_backoff)
