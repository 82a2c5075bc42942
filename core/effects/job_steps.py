"""The fields and the `prepare` of every step that does one thing in another system, or follows a job there."""

from abc import abstractmethod
from collections.abc import Collection
from datetime import timedelta
from typing import Annotated, ClassVar, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from core.definitions.durations import PositiveDuration, SecondOrMore
from core.definitions.fields import CelField, SavedName
from core.definitions.steps import StepDefinition
from core.effects.job_values import JobSystem
from core.effects.judging import Judgement
from core.effects.remote import Api
from core.effects.remote_jobs import Rules, cannot_look, prepare_job
from core.errors import RunbookError
from core.execution.preparation import Context, Prepared
from core.values.execution import Json

EVERY, TIMEOUT = timedelta(seconds=10), timedelta(hours=1)
JobCondition = Annotated[str, CelField(roots=("job",), condition=True)]
JobExpression = Annotated[str, CelField(roots=("job",))]


class RemoteStep(StepDefinition):
    """A step that does one thing in another system, and finds out by itself whether a lost attempt did it.

    A type implements `shown`, `api` and `system`. `shown` takes no secret: it is rendered over `context.shown_scope`.
    """

    acts_through = "http"
    keeps_secrets_to_hosts = True
    system_name: ClassVar[str] = ""

    save: dict[SavedName, JobExpression] = {}
    """Values to save from what the system says, `job`. Later steps read them as `steps.ID.saved.NAME`."""

    @abstractmethod
    def shown(self, context: Context) -> Json:
        """Return the request that starts it, as people may see it."""

    @abstractmethod
    def api(self, context: Context) -> Api:
        """Return the system's API, with the credentials."""

    @abstractmethod
    def system(self, context: Context) -> JobSystem:
        """Return what starts the job and looks at it."""

    def rules(self, context: Context) -> Rules:
        judgement = Judgement(None, self.save, context)
        return Rules(EVERY, self.timeout or TIMEOUT, False, self.finds_lost_attempts, judgement)

    def prepare(self, context: Context) -> Prepared:
        shown, rules = self.shown(context), self.rules(context)
        try:
            system, api = self.system(context), self.api(context)
        except RunbookError as error:
            if context.progress is None:
                raise
            return cannot_look(error, self.system_name, rules, shown, context)
        return prepare_job(system, api, rules, shown, context, self.id)

    @model_validator(mode="after")
    def _refuse_poll(self) -> Self:
        if self.poll is not None:
            raise PydanticCustomError(
                "poll",
                "A step of type {type} follows what it starts by itself. Leave poll out.",
                {"type": self.type},
            )
        return self


def refuse_key_twice(kind: str, key: str | None, given: Collection[str]) -> None:
    """Raise PydanticCustomError if the step itself fills the place of its key. `kind`: what the system calls it."""
    if key is not None and key in given:
        raise PydanticCustomError(
            "key_twice",
            "The {kind} {key} takes the step's key, so it cannot have another value.",
            {"kind": kind, "key": key},
        )


class JobStep(RemoteStep):
    """A step that starts a job in another system and follows it to its end."""

    timeout: PositiveDuration | None = None
    """How long the job may take, from its start; an hour if omitted. Then the step fails, and the job goes on."""
    every: SecondOrMore = EVERY
    """The delay between two looks at the job, at least a second."""
    cancel: bool = False
    """Whether the system is asked to cancel the job when its time is over, and when the run is cancelled. By default
    it goes on."""
    expect: JobCondition | None = None
    """The condition for success, over `job`, once the job has ended. If omitted, the system says whether it is one."""

    @property
    def stops_elsewhere(self) -> bool:
        return self.cancel

    def rules(self, context: Context) -> Rules:
        judgement = Judgement(self.expect, self.save, context)
        return Rules(self.every, self.timeout or TIMEOUT, self.cancel, self.finds_lost_attempts, judgement)
