"""Jobs in another system: started, found again if the start is in doubt, and followed to their end.

Starting a job is not idempotent anywhere, so the start happens in the step's first act alone, at most once for each
attempt. It carries a mark, which is unique to the attempt, wherever the system shows it again. Every later act only
looks. When a start is in doubt (its worker was lost, or its answer), the act looks for the mark:

- found: the job is ours, and is followed;
- not found: it looks again for SHOWS_UP, since a list may be older than the job;
- still not found: the step is in doubt, and people are asked. A second job is started only if the step says
  `retry: {safe: true}`, or if a person says so.

An attempt whose end is known has `attempt` in its output; then the next one need not look for it.
"""

import threading
from dataclasses import dataclass, replace
from datetime import timedelta

from core.definitions.durations import format_duration
from core.effects.job_values import (
    Job,
    JobSystem,
    Progress,
    Unusable,
    marked_attempt,
    progress_from,
)
from core.effects.judging import Judgement
from core.effects.remote import TROUBLE, Api, Refused, Session, Unclear, Unknowable, Useless
from core.errors import RunbookError
from core.execution.preparation import Context, Outside
from core.io.http import NoAnswer, NotSent
from core.values.execution import Failed, InProgress, Json, StepResult, Uncertain

SHOWS_UP = timedelta(minutes=2)  # how long a job may be missing in the system's lists after its start
TOLERATED = timedelta(minutes=10)  # how long looks may be refused, or a search may fail
SOON = timedelta(seconds=1)


@dataclass(frozen=True)
class Rules:
    """What the step says. `finds`: whether the system shows the mark. `timeout`: of the job, from its start."""

    every: timedelta
    timeout: timedelta
    cancel: bool
    finds: bool
    judgement: Judgement


def prepare_job(
    system: JobSystem, api: Api, rules: Rules, shown: Json, context: Context, step_id: str
) -> Outside:
    """Return the step's next act: the start, the search for a start that is in doubt, or a look.

    `shown`: the start as people may see it, the same for every act.
    """
    following = Following(system, api, rules, context, step_id)
    return Outside(context.masker.mask_value(shown), following.act)


def cannot_look(error: RunbookError, name: str, rules: Rules, shown: Json, context: Context) -> Outside:
    """Return a look that fails: what it needs (a secret, say) is not there now. The job goes on, so the step does, too.

    `name`: of the system.
    """
    return prepare_job(Unusable(error), Api(name, ""), rules, shown, context, "")


@dataclass(frozen=True)
class Following:
    """One act of a step that follows a job."""

    system: JobSystem
    api: Api
    rules: Rules
    context: Context
    step_id: str

    def act(self, stop: threading.Event) -> StepResult:
        stop = threading.Event() if self.context.cancelled else stop
        try:
            session = self.api.session(self.context, stop, self.rules.timeout)
        except RunbookError as error:
            return replace(self, system=Unusable(error), api=Api(self.api.name, self.api.url)).act(stop)
        progress = progress_from(self.context.progress)
        if progress is not None and self.context.cancelled:
            return self._cancelled(session, progress.job)
        if progress is None:
            return self._begin(session)
        if progress.job is None:
            return self._search(session, progress)
        return self._look(session, progress, progress.job)

    # Starting ------------------------------------------------------------------------------------

    def _begin(self, session: Session) -> StepResult:
        """Start the job, unless an earlier attempt may have started one: then that is looked for."""
        attempt, first = self.context.attempt, self._first_in_doubt()
        progress = Progress(attempt, first or attempt, self.context.now)
        return self._start(session, progress) if first is None else self._search(session, progress)

    def _first_in_doubt(self) -> int | None:
        """Return the earliest attempt that may have started a job nobody knows of; None if there is none."""
        if not self._finds_out:
            return None  # people were asked, or the step is safe to repeat
        if self.context.maybe_done:
            return 1
        first = self._last_known() + 1
        return first if first < self.context.attempt else None

    @property
    def _finds_out(self) -> bool:
        return self.rules.finds or self.system.is_idempotent

    def _last_known(self) -> int:
        """Return the last attempt that said how it ended; 0 if none has."""
        steps = self.context.names.get("steps")
        own = steps.get(self.step_id) if isinstance(steps, dict) else None
        output = own.get("output") if isinstance(own, dict) else None
        attempt = output.get("attempt") if isinstance(output, dict) else None
        return attempt if isinstance(attempt, int) else 0

    def _start(self, session: Session, progress: Progress) -> StepResult:
        """Start the job. Only an answer that says so proves that it was not started.

        What is idempotent carries the mark of the earliest attempt in doubt, so that it is the same each time.
        """
        mark = progress.first if self.system.is_idempotent else progress.attempt
        try:
            job = self.system.start(session, f"{self.context.key}.{mark}")
        except Unknowable as error:
            sentence = f"It is not known whether it was done: {self._said(error)}"
            return Uncertain(sentence, _ended_as("unknown", progress))
        except (NoAnswer, Unclear) as error:
            sentence = f"It is not known whether it was done: {self._said(error)}"
            if self._finds_out:
                return self._search_later(progress, sentence)
            return Uncertain(sentence, _ended_as("unknown", progress))
        except (NotSent, RunbookError) as error:
            output, wait = _ended_as("not started", progress), getattr(error, "wait", None)
            return Failed(self._said(error), output, final=isinstance(error, Useless), retry_after=wait)
        return self._follow(replace(progress, job=job, since=self.context.now), job)

    # Searching -----------------------------------------------------------------------------------

    def _search(self, session: Session, progress: Progress) -> StepResult:
        """Look for the job of an attempt that is in doubt; what is idempotent is done again instead."""
        if self.system.is_idempotent and not self._is_over(progress, TOLERATED):
            return self._start(session, progress)
        try:
            found = self._found(session, progress)
        except TROUBLE as error:
            sentence = f"It is not known whether it was done: {self._said(error)}"
            if self._is_over(progress, TOLERATED):
                return Uncertain(sentence, {"status": "unknown"})
            return self._search_later(progress, sentence)
        if found is not None:
            return self._follow(replace(progress, job=found), found, SOON)
        if not self._is_over(progress, SHOWS_UP):
            return self._search_later(progress, f"{self.api.name} does not show it yet, if it was done.")
        sentence = f"It is not known whether it was done: {self.api.name} does not show it"
        limit = format_duration(SHOWS_UP)
        return Uncertain(f"{sentence} even after {limit}.", _ended_as("unknown", progress))

    def _found(self, session: Session, progress: Progress) -> Job | None:
        """Return the job of the newest attempt that may be in doubt, if the system shows it."""
        by_attempt: dict[int, Job] = {}
        for candidate in self.system.recent(session):
            attempt = marked_attempt(candidate.text, self.context.key)
            if attempt is not None and attempt >= progress.first:
                by_attempt[attempt] = candidate.job
        return by_attempt[max(by_attempt)] if by_attempt else None

    def _search_later(self, progress: Progress, reason: str) -> InProgress:
        return InProgress(progress.to_json(), self.rules.every, reason, {"status": "unknown"})

    # Following -----------------------------------------------------------------------------------

    def _look(self, session: Session, progress: Progress, job: Job) -> StepResult:
        try:
            now = self.system.look(session, job)
        except TROUBLE as error:
            return self._troubled(progress, job, error)
        if now.succeeded is None and self._is_last(progress):
            return self._out_of_time(session, now)
        return self._follow(replace(progress, job=now, trouble=None), now)

    def _follow(self, progress: Progress, job: Job, delay: timedelta | None = None) -> StepResult:
        """Return the step's result for the job as it is: its end, or another look."""
        if job.succeeded is not None:
            return self._ended(progress, job, ended_well=job.succeeded)
        reason = f"{self.api.name}: {job.status} {job.url}"
        return InProgress(progress.to_json(), delay or self.rules.every, reason, _output(job))

    def _ended(self, progress: Progress, job: Job, *, ended_well: bool) -> StepResult:
        result = self.rules.judgement.result(job.detail, _output(job), ended_well=ended_well)
        if not isinstance(result, Failed):
            return result
        expected = f"; expected {self.rules.judgement.expect}" if self.rules.judgement.expect else ""
        error = f"{result.error or f'It ended as {job.status}{expected}.'} {job.url}"
        return replace(result, error=error, output={**_output(job), "attempt": progress.attempt})

    def _out_of_time(self, session: Session, job: Job) -> StepResult:
        said = f"It did not end within {format_duration(self.rules.timeout)}; it is {job.status}."
        return Failed(f"{said} {self._stopped(session, job)} {job.url}", _output(job), final=True)

    def _stopped(self, session: Session, job: Job) -> str:
        if not self.rules.cancel:
            return "It goes on:"
        try:
            self.system.cancel(session, job)
        except TROUBLE as error:
            return f"It goes on, since it could not be cancelled ({self._said(error)}):"
        return f"{self.api.name} was asked to cancel it:"

    def _cancelled(self, session: Session, job: Job | None) -> StepResult:
        if job is None:
            return Uncertain("The run was cancelled before it was known whether this was done.")
        return Failed(
            f"The run was cancelled. {self._stopped(session, job)} {job.url}", _output(job), final=True
        )

    def _troubled(self, progress: Progress, job: Job, error: Exception) -> StepResult:
        """Return the result of a look that failed. The job goes on, whatever a look comes to."""
        trouble = (progress.trouble or self.context.now) if _is_refusal(error) else None
        is_hopeless = trouble is not None and self.context.now >= trouble + TOLERATED
        if is_hopeless or self._is_last(progress):
            sentence = f"It was started, and how it ends is not known: {self._said(error)} {job.url}"
            return Uncertain(sentence, _output(job))
        asked = error.wait if isinstance(error, Refused | Unclear) else None
        delay = max(self.rules.every, asked or timedelta(0))
        reason = f"It could not be looked at: {self._said(error)} {job.url}"
        return InProgress(replace(progress, trouble=trouble).to_json(), delay, reason, _output(job))

    # ---------------------------------------------------------------------------------------------

    def _is_last(self, progress: Progress) -> bool:
        """Whether the next look would come after the job's time is over."""
        return self._is_over(progress, self.rules.timeout - self.rules.every)

    def _is_over(self, progress: Progress, limit: timedelta) -> bool:
        return self.context.now > progress.since + limit

    def _said(self, error: Exception) -> str:
        return self.context.masker.mask(str(error))


def _is_refusal(error: Exception) -> bool:
    """Return whether the look was refused, here or there, so that the next one will probably be, too."""
    if isinstance(error, Refused):
        return not error.is_passing
    return isinstance(error, RunbookError) and not isinstance(error, Unclear)


def _ended_as(status: str, progress: Progress) -> Json:
    return {"status": status, "attempt": progress.attempt}


def _output(job: Job) -> dict[str, Json]:
    return {"id": job.id, "url": job.url, "status": job.status, **job.results}
