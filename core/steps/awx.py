"""The `awx` step: launch a template of AWX (or of Ansible Automation Platform) and follow its job to its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import Field, model_validator

from core.definitions.fields import PublicText, PublicUrl, TemplateJson, TemplateText
from core.definitions.http_requests import DOTS, render_url
from core.definitions.templates import render, render_text
from core.effects.job_steps import JobStep, refuse_key_twice
from core.effects.job_values import Candidate, Job
from core.effects.remote import TROUBLE, Api, Session, Unclear, Useless, credentials
from core.errors import InvalidInput
from core.execution.preparation import Context
from core.values.execution import Json

NEWEST = 50  # jobs that are searched
ENDED = frozenset({"successful", "failed", "error", "canceled"})
TEMPLATES = {"job": "job_templates", "workflow": "workflow_job_templates"}
JOBS = {"job": "jobs", "workflow": "workflow_jobs"}
PROMPTS = {
    "extra_vars": "ask_variables_on_launch",
    "limit": "ask_limit_on_launch",
    "inventory": "ask_inventory_on_launch",
    "job_tags": "ask_tags_on_launch",
    "skip_tags": "ask_skip_tags_on_launch",
}


class AwxStep(JobStep):
    """Launch a job template or a workflow template, and follow its job to its end. It succeeds if the status is
    `successful`; `expect` and `save` see the job as `job`, with `job.artifacts` (of `set_stats`) and `job.elapsed`.

    A template takes `variables`, `limit`, `inventory` and tags only if it prompts for them on launch, and ignores them
    otherwise. The step asks first, and launches nothing that would run with less than what it says.

    AWX answers with the job's id. If that answer is lost, or the worker, the job is looked for by the step's key, which
    is sent as the extra variable named by `key_variable`. The template's newest 50 jobs are searched for two minutes.
    If it is not among them, or if the template does not prompt for variables, people are asked whether it was launched.
    A job is never launched a second time without `retry: {safe: true}`.

    If our run is cancelled, the job goes on, and the card links it, unless the step says `cancel: true`. Sources:
    https://docs.ansible.com/automation-controller/latest/html/controllerapi/api_ref.html,
    https://docs.ansible.com/automation-controller/latest/html/userguide/job_templates.html
    """

    system_name = "AWX"
    example: ClassVar[str] = """
id: restart
type: awx
url: https://awx.example/api/v2
template: Restart service++Default
token: "{{ secrets.AWX_TOKEN }}"
variables: {cluster: "{{ params.cluster }}"}
limit: "{{ params.cluster }}"
timeout: 30m
save: {restarted: job.artifacts.restarted}
"""

    type: Literal["awx"]
    url: Annotated[PublicUrl, Field(min_length=1)]
    """The URL of the API, with its version: `https://HOST/api/v2`, or `https://HOST/api/controller/v2`."""
    template: Annotated[PublicText, Field(min_length=1)]
    """The template's id, or its named URL: `NAME++ORGANIZATION`."""
    kind: Literal["job", "workflow"] = "job"
    """Whether it is a job template or a workflow job template."""
    token: Annotated[TemplateText, Field(min_length=1)]
    """The token, from `secrets`, with the scope `write`."""
    variables: dict[str, TemplateJson] = {}
    """Extra variables."""
    limit: TemplateText | None = None
    """The hosts to which the job is limited."""
    inventory: TemplateJson = None
    """The id of the inventory."""
    tags: TemplateText | None = None
    """The tags to run, separated by commas."""
    skip_tags: TemplateText | None = None
    """The tags to skip, separated by commas."""
    key_variable: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")] | None = "runbook_key"
    """The extra variable with the step's key. `null`: none is sent, and people are asked about a launch in doubt."""

    @model_validator(mode="after")
    def _refuse_key_twice(self) -> Self:
        refuse_key_twice("variable", self.key_variable, self.variables)
        return self

    @property
    def finds_lost_attempts(self) -> bool:
        return self.key_variable is not None

    def shown(self, context: Context) -> Json:
        return {
            "method": "POST",
            "url": f"{self._url(context)}{self._path(context)}/launch/",
            "body": self._body(context.shown_scope),
            "key": context.key,
        }

    def api(self, context: Context) -> Api:
        token = render_text(self.token, context.scope, ("token",))
        return Api("AWX", self._url(context), credentials("Authorization", f"Bearer {token}"))

    def system(self, context: Context) -> "_Template":
        body = self._body(context.scope if context.progress is None else context.shown_scope)
        return _Template(self._url(context), self._path(context), self.kind, body, self.key_variable)

    def _url(self, context: Context) -> str:
        return render_url(self.url, context.shown_scope, ("url",)).rstrip("/")

    def _path(self, context: Context) -> str:
        template = render_text(self.template, context.shown_scope, ("template",)).strip()
        if not template or template in DOTS:
            raise InvalidInput(
                f"{template!r} is not a template.",
                hint="Write its id, or NAME++ORGANIZATION.",
                field="template",
            )
        return f"/{TEMPLATES[self.kind]}/{quote(template, safe='+')}"

    def _body(self, scope: Mapping[str, object]) -> dict[str, Json]:
        given: dict[str, Json] = {
            "extra_vars": render(self.variables, scope, ("variables",)) if self.variables else None,
            "limit": self._text("limit", scope),
            "inventory": render(self.inventory, scope, ("inventory",)),
            "job_tags": self._text("tags", scope),
            "skip_tags": self._text("skip_tags", scope),
        }
        return {name: value for name, value in given.items() if value is not None}

    def _text(self, name: str, scope: Mapping[str, object]) -> str | None:
        template = getattr(self, name)
        return None if template is None else render_text(template, scope, (name,))


@dataclass(frozen=True)
class _Template:
    """One template. `path`: of the template in the API."""

    url: str
    path: str
    kind: str
    body: Mapping[str, Json]
    key_variable: str | None
    is_idempotent = False

    def start(self, session: Session, mark: str) -> Job:
        self._check_prompts(session)
        variables = self.body.get("extra_vars", {})
        assert isinstance(variables, dict)
        key: dict[str, Json] = {self.key_variable: mark} if self.key_variable else {}
        body: dict[str, Json] = {**self.body, "extra_vars": {**variables, **key}}
        launched = session.change("POST", f"{self.path}/launch/", body).json
        if not isinstance(launched, dict) or not isinstance(launched.get("id"), int):
            raise Unclear("AWX launched the template, and does not say as which job.")
        job = self._job(launched)
        if ignored := self._ignored(launched):
            self._take_back(session, job, ignored)
        return job

    def recent(self, session: Session) -> Sequence[Candidate]:
        listed = session.get(f"{self.path}/{JOBS[self.kind]}/", order_by="-id", page_size=NEWEST)
        jobs = listed.get("results") if isinstance(listed, dict) else None
        if not isinstance(jobs, list):
            raise Unclear("AWX sent a list of jobs that cannot be read.")
        return [
            Candidate(str(job.get("extra_vars")), self._job(job)) for job in jobs if isinstance(job, dict)
        ]

    def look(self, session: Session, job: Job) -> Job:
        found = session.get(f"/{JOBS[self.kind]}/{int(job.id)}/")
        if not isinstance(found, dict) or "status" not in found:
            raise Unclear("AWX sent a job that cannot be read.")
        return self._job({"id": int(job.id), **found})

    def cancel(self, session: Session, job: Job) -> None:
        session.change("POST", f"/{JOBS[self.kind]}/{int(job.id)}/cancel/", {})

    def _check_prompts(self, session: Session) -> None:
        """Raise Useless if the template would ignore something that the step says. A survey prompts for variables."""
        answer = session.get_first(f"{self.path}/launch/")
        asked = answer if isinstance(answer, dict) else {}
        ignored = [
            name
            for name in self.body
            if asked.get(PROMPTS[name]) is False
            and not (name == "extra_vars" and asked.get("survey_enabled") is True)
        ]
        if ignored:
            raise Useless(
                f"The template does not prompt for {', '.join(ignored)} on launch, so AWX would ignore what the step "
                "says. Nothing was launched.",
                hint="Switch `Prompt on launch` on for it in the template.",
            )

    def _ignored(self, launched: Mapping[str, Json]) -> list[str]:
        """Return what AWX says it ignored, apart from our key."""
        ignored = launched.get("ignored_fields")
        fields = dict(ignored) if isinstance(ignored, dict) else {}
        variables = fields.pop("extra_vars", {})
        names = [*fields, *(variables if isinstance(variables, dict) else ["extra_vars"])]
        return [name for name in names if name != self.key_variable]

    def _take_back(self, session: Session, job: Job, ignored: list[str]) -> None:
        """Cancel a job that runs with less than what the step says, and say so. Raises Useless."""
        said = f"AWX launched the job and ignored {', '.join(ignored)}."
        try:
            self.cancel(session, job)
        except TROUBLE as error:
            raise Useless(f"{said} It could not be cancelled ({error}): {job.url}") from error
        raise Useless(f"{said} It was asked to cancel it: {job.url}")

    def _job(self, job: Mapping[str, Json]) -> Job:
        status = str(job.get("status"))
        has_ended = status in ENDED
        return Job(
            id=str(job.get("id")),
            url=self._link(job.get("id")),
            status=status,
            succeeded=status == "successful" if has_ended else None,
            detail=dict(job),
        )

    def _link(self, id_: Json) -> str:
        """Return where people see the job: the platform's own pages, or those of AWX."""
        parts = urlsplit(self.url)
        site = f"{parts.scheme}://{parts.netloc}"
        page = "playbook" if self.kind == "job" else "workflow"
        if "/api/controller/" in f"{parts.path}/":
            return f"{site}/execution/jobs/{page}/{id_}/output"
        return f"{site}/#/jobs/{page}/{id_}/output"
