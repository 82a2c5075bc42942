"""The `jenkins` step: build a job of Jenkins and follow the build to its end."""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import quote

from pydantic import Field, model_validator

from core.definitions.fields import PublicText, PublicUrl, TemplateJson, TemplateText
from core.definitions.http_requests import DOTS, render_url
from core.definitions.templates import as_text, render, render_text
from core.effects.job_steps import JobStep, refuse_key_twice
from core.effects.job_values import Candidate, Job
from core.effects.remote import Api, Refused, Session, Unclear, credentials, web_link
from core.errors import InvalidInput
from core.execution.preparation import Context
from core.values.execution import Json

NEWEST = 100  # builds that are searched
PARAMETERS = "actions[parameters[name,value]]"
BUILD = "number,url,queueId,building,result,displayName,duration"
ITEM = "id,why,cancelled,blocked,stuck,executable[number,url]"
GONE = 404


class JenkinsStep(JobStep):
    """Build a job, and follow the build from the queue to its end. It succeeds if the result is `SUCCESS`; `expect` and
    `save` see the build as `job`, with `job.result`, such as `job.result in ["SUCCESS", "UNSTABLE"]`.

    Jenkins answers with an item of its queue. If that answer is lost, or the worker, the build is looked for by the
    step's key: the job declares a string parameter for it, named by `key_parameter`. The queue and the newest 100
    builds are searched for two minutes. If it is in neither, people are asked whether it was started; without
    `key_parameter`, they are asked at once. (Jenkins drops parameters that the job does not declare, and the key with
    them.) A build is never started a second time without `retry: {safe: true}`. Without `key_parameter`, Jenkins joins
    equal builds that wait in its queue, so ours may be somebody else's, too.

    If our run is cancelled, the build goes on, and the card links it, unless the step says `cancel: true`. Sources:
    https://www.jenkins.io/doc/book/using/remote-access-api/,
    https://www.jenkins.io/doc/book/security/csrf-protection/ (an API token needs no crumb)
    """

    system_name = "Jenkins"
    example: ClassVar[str] = """
id: redeploy
type: jenkins
url: https://jenkins.example
job: orders/deploy
user: runbook
token: "{{ secrets.JENKINS_TOKEN }}"
parameters: {CLUSTER: "{{ params.cluster }}"}
key_parameter: RUNBOOK_KEY
timeout: 30m
"""

    type: Literal["jenkins"]
    url: Annotated[PublicUrl, Field(min_length=1)]
    """The URL of Jenkins."""
    job: Annotated[PublicText, Field(min_length=1)]
    """The job; in folders, `FOLDER/JOB`."""
    user: Annotated[TemplateText, Field(min_length=1)]
    """The user to whom the token belongs."""
    token: Annotated[TemplateText, Field(min_length=1)]
    """The user's API token, from `secrets`."""
    parameters: dict[str, TemplateJson] = {}
    """The build's parameters. Values other than text are sent as JSON."""
    key_parameter: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,99}$")] | None = None
    """The string parameter of the job that takes the step's key."""

    @model_validator(mode="after")
    def _refuse_key_twice(self) -> Self:
        refuse_key_twice("parameter", self.key_parameter, self.parameters)
        return self

    @property
    def finds_lost_attempts(self) -> bool:
        return self.key_parameter is not None

    def shown(self, context: Context) -> Json:
        parameters: dict[str, Json] = dict(self._parameters(context.shown_scope))
        return {
            "method": "POST",
            "url": self._url(context) + self._path(context) + self._verb,
            "parameters": parameters,
            "key_parameter": self.key_parameter,
            "key": context.key,
        }

    def api(self, context: Context) -> Api:
        user = render_text(self.user, context.scope, ("user",))
        token = render_text(self.token, context.scope, ("token",))
        basic = base64.b64encode(f"{user}:{token}".encode()).decode()
        return Api("Jenkins", self._url(context), credentials("Authorization", f"Basic {basic}"))

    def system(self, context: Context) -> "_JenkinsJob":
        scope = context.scope if context.progress is None else context.shown_scope
        path, parameters = self._path(context), self._parameters(scope)
        return _JenkinsJob(self._url(context), path, path + self._verb, parameters, self.key_parameter)

    @property
    def _verb(self) -> str:
        return "/buildWithParameters" if self.parameters or self.key_parameter else "/build"

    def _url(self, context: Context) -> str:
        return render_url(self.url, context.shown_scope, ("url",)).rstrip("/")

    def _path(self, context: Context) -> str:
        job = render_text(self.job, context.shown_scope, ("job",))
        names = job.strip("/").split("/")
        if not all(names) or DOTS & set(names):
            raise InvalidInput(f"{job!r} is not a job.", hint="Write FOLDER/JOB.", field="job")
        return "".join(f"/job/{quote(name, safe='')}" for name in names)

    def _parameters(self, scope: Mapping[str, object]) -> dict[str, str]:
        given = render(self.parameters, scope, ("parameters",))
        assert isinstance(given, dict)
        return {name: as_text(value) for name, value in given.items()}


@dataclass(frozen=True)
class _JenkinsJob:
    """One job. Its builds are known by their item of the queue (`where: {"item"}`) until they have a number.

    Addresses in answers are shown, never called: Jenkins may know itself under another name.
    """

    url: str
    path: str
    build: str
    parameters: Mapping[str, str]
    key_parameter: str | None
    is_idempotent = False

    def start(self, session: Session, mark: str) -> Job:
        marked = {**self.parameters, self.key_parameter: mark} if self.key_parameter else self.parameters
        response = session.send("POST", self.build, form=marked)
        if 300 <= response.status < 400:
            raise session.error(Unclear, response)  # old releases redirect after they queued the build
        item = re.search(
            r"/queue/item/(\d{1,18})(?:/|$)", session.checked(response).headers.get("location", "")
        )
        if item is None:
            raise Unclear("Jenkins took the build, and does not say as which item of its queue.")
        return self._queued({"id": int(item[1])})

    def recent(self, session: Session) -> Sequence[Candidate]:
        """Return what is in the queue, and the newest builds; in this order, since an item becomes a build."""
        queue = session.get("/queue/api/json", tree=f"items[{ITEM},task[url],{PARAMETERS}]")
        builds = session.get(f"{self.path}/api/json", tree=f"builds[{BUILD},{PARAMETERS}]{{0,{NEWEST}}}")
        queued = [Candidate(self._key_of(item), self._queued(item)) for item in _list(queue, "items")]
        return queued + [
            Candidate(self._key_of(build), self._built(build)) for build in _list(builds, "builds")
        ]

    def look(self, session: Session, job: Job) -> Job:
        where = job.where if isinstance(job.where, dict) else {}
        if "build" in where:
            number = _number(where["build"])
            return self._built(_object(session.get(f"{self.path}/{number}/api/json", tree=BUILD)))
        number = _number(where.get("item"))
        try:
            item = _object(session.get(f"/queue/item/{number}/api/json", tree=ITEM))
        except Refused as error:
            if error.status != GONE:
                raise
            return self._of_item(session, number, error)
        return self._queued(item)

    def cancel(self, session: Session, job: Job) -> None:
        where = job.where if isinstance(job.where, dict) else {}
        is_built = "build" in where
        path = f"{self.path}/{_number(where['build'])}/stop" if is_built else "/queue/cancelItem"
        query: dict[str, Json] = {} if is_built else {"id": _number(where.get("item"))}
        response = session.send("POST", path, query=query, form={})
        if response.status >= 400:  # Jenkins redirects to the page of the build that it stops
            raise session.error(Refused, response)

    def _of_item(self, session: Session, item: int, gone: Refused) -> Job:
        """Return the build of an item that the queue has forgotten, five minutes after it left it."""
        builds = session.get(f"{self.path}/api/json", tree=f"builds[{BUILD}]{{0,{NEWEST}}}")
        found = [build for build in _list(builds, "builds") if build.get("queueId") == item]
        if not found:
            raise gone
        return self._built(found[0])

    def _queued(self, item: Mapping[str, Json]) -> Job:
        """Return the build that an item of the queue stands for."""
        executable = item.get("executable")
        if isinstance(executable, dict) and isinstance(executable.get("number"), int):
            return self._built({**executable, "building": True})
        number, is_cancelled = _number(item.get("id")), item.get("cancelled") is True
        return Job(
            id=f"queue/{number}",
            url=f"{self.url}/queue/item/{number}/",
            status="CANCELLED" if is_cancelled else "queued",
            succeeded=False if is_cancelled else None,
            where={"item": number},
            detail=dict(item),
        )

    def _built(self, build: Mapping[str, Json]) -> Job:
        number, result = _number(build.get("number")), build.get("result")
        has_ended = build.get("building") is False and isinstance(result, str)
        return Job(
            id=str(number),
            url=web_link(build.get("url"), f"{self.url}{self.path}/{number}/"),
            status=str(result) if has_ended else "building",
            succeeded=result == "SUCCESS" if has_ended else None,
            where={"build": number},
            detail=dict(build),
        )

    def _key_of(self, shown: Mapping[str, Json]) -> str:
        """Return the value of the parameter with the key."""
        given = [each for action in _list(shown, "actions") for each in _list(action, "parameters")]
        return next((str(each.get("value")) for each in given if each.get("name") == self.key_parameter), "")


def _object(answer: Json) -> Mapping[str, Json]:
    if not isinstance(answer, dict) or not ("number" in answer or "id" in answer or "executable" in answer):
        raise Unclear("Jenkins sent an answer that cannot be read.")
    return answer


def _number(value: Json) -> int:
    if not isinstance(value, int):
        raise Unclear("Jenkins sent an answer that cannot be read.")
    return value


def _list(answer: object, name: str) -> Iterator[dict[str, Json]]:
    values = answer.get(name) if isinstance(answer, Mapping) else None
    return (each for each in values if isinstance(each, dict)) if isinstance(values, list) else iter(())
