"""The result of a look by a polling step: what it waits for is so, it looks again, or its time is over."""

from datetime import datetime

from core.definitions.durations import format_duration
from core.definitions.fields import Poll
from core.values.execution import Failed, InProgress, Json, StepResult, Succeeded, Uncertain

SINCE, LOOKS = "since", "looks"


def judge_look(
    result: StepResult, why_not_yet: str | None, poll: Poll, progress: Json, now: datetime
) -> StepResult:
    """Return the step's result for the look that had `result`, at `now`.

    `why_not_yet`: why what a successful look found is not enough, or None if it is. `progress`: what the look before
    handed on (`{"since", "looks"}`), or None. A failure that no repetition can mend ends the step; any other, and a
    missing answer, is looked at again until the time of `poll` is over.
    """
    if isinstance(result, Succeeded) and why_not_yet is None:
        return result
    if not isinstance(result, Succeeded | Failed | Uncertain) or (
        isinstance(result, Failed) and result.final
    ):
        return result
    reason = why_not_yet if isinstance(result, Succeeded) else result.error
    since, looks = _looked_before(progress, now)
    if now + poll.every > since + poll.limit:
        sentence = f"Not true within {format_duration(poll.limit)} ({looks + 1} checks). {reason}"
        return Failed(sentence, result.output, final=True)
    handed_on: dict[str, Json] = {SINCE: since.isoformat(), LOOKS: looks + 1}
    return InProgress(handed_on, poll.every, reason or "", result.output)


def _looked_before(progress: Json, now: datetime) -> tuple[datetime, int]:
    """Return when the step first looked, and how often it has looked."""
    if not isinstance(progress, dict):
        return now, 0
    since, looks = progress.get(SINCE), progress.get(LOOKS)
    return datetime.fromisoformat(str(since)), int(str(looks))
