"""The `github_actions` step: run a workflow of GitHub Actions and follow it to its end."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import quote

from pydantic import Field, model_validator

from core.definitions.fields import PublicText, PublicUrl, TemplateJson, TemplateText
from core.definitions.http_requests import render_url
from core.definitions.templates import as_text, render, render_text
from core.effects.job_steps import JobStep, refuse_key_twice
from core.effects.job_values import Candidate, Job
from core.effects.remote import Api, Session, Unclear, credentials, web_link
from core.errors import InvalidInput
from core.execution.preparation import Context
from core.values.execution import Json

API = "https://api.github.com"
VERSION = "2022-11-28"
PAGES, PAGE = 5, 20  # of runs that are searched; a run has some 15 kB
DETAILS = "return_run_details"


class GithubActionsStep(JobStep):
    """Start a workflow with `workflow_dispatch`, and follow its run to its end. It succeeds if the run's conclusion is
    `success`; `expect` and `save` see the run as `job`, with `job.conclusion`.

    GitHub says which run it started. If that answer is lost, or the worker, the run is looked for by the step's key:
    the workflow declares an input for it, named by `key_input`, and shows it with
    `run-name: Deploy ${{ inputs.runbook_key }}`. The newest 100 runs of the workflow are searched for two minutes. If
    it is not among them, people are asked whether it was started; without `key_input`, they are asked at once. A run
    is never started a second time without `retry: {safe: true}`.

    If our run is cancelled, the run goes on, and the card links it, unless the step says `cancel: true`. Sources:
    https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event,
    https://docs.github.com/en/rest/actions/workflow-runs
    """

    system_name = "GitHub"
    example: ClassVar[str] = """
id: rollback
type: github_actions
repository: example/orders
workflow: deploy.yaml
ref: main
token: "{{ secrets.GITHUB_TOKEN }}"
inputs: {cluster: "{{ params.cluster }}", version: previous}
key_input: runbook_key
timeout: 30m
"""

    type: Literal["github_actions"]
    url: Annotated[PublicUrl, Field(min_length=1)] = API
    """The URL of the API. For GitHub Enterprise Server it is `https://HOST/api/v3`."""
    repository: Annotated[PublicText, Field(min_length=1)]
    """The repository, as `OWNER/NAME`."""
    workflow: Annotated[PublicText, Field(min_length=1)]
    """The workflow's file name, such as `deploy.yaml`, or its id."""
    ref: Annotated[PublicText, Field(min_length=1)]
    """The branch or tag on which it runs."""
    token: Annotated[TemplateText, Field(min_length=1)]
    """The token, from `secrets`. It needs the permission to read and write Actions of the repository."""
    inputs: dict[str, TemplateJson] = {}
    """The workflow's inputs. Values other than text are sent as JSON."""
    key_input: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$")] | None = None
    """The input in which the workflow takes the step's key, to be shown in its `run-name`."""

    @model_validator(mode="after")
    def _refuse_key_twice(self) -> Self:
        refuse_key_twice("input", self.key_input, self.inputs)
        return self

    @property
    def finds_lost_attempts(self) -> bool:
        return self.key_input is not None

    def shown(self, context: Context) -> Json:
        body = self._body(context.shown_scope)
        return {
            "method": "POST",
            "url": self._url(context) + self._path(context) + "/dispatches",
            "body": body,
            "key_input": self.key_input,
            "key": context.key,
        }

    def api(self, context: Context) -> Api:
        token = render_text(self.token, context.scope, ("token",))
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": VERSION}
        return Api("GitHub", self._url(context), headers | credentials("Authorization", f"Bearer {token}"))

    def system(self, context: Context) -> "_Workflow":
        body = self._body(context.scope if context.progress is None else context.shown_scope)
        return _Workflow(
            self._repository(context), self._path(context), self._web(context), body, self.key_input
        )

    def _url(self, context: Context) -> str:
        return render_url(self.url, context.shown_scope, ("url",)).rstrip("/")

    def _web(self, context: Context) -> str:
        """Return where people see the repository."""
        url = self._url(context)
        site = "https://github.com" if url == API else url.removesuffix("/api/v3")
        return f"{site}/{render_text(self.repository, context.shown_scope, ('repository',))}"

    def _repository(self, context: Context) -> str:
        name = render_text(self.repository, context.shown_scope, ("repository",))
        if not re.fullmatch(r"[A-Za-z0-9-]+/(?!\.\.?$)[A-Za-z0-9._-]+", name):
            raise InvalidInput(f"{name!r} is not a repository.", hint="Write OWNER/NAME.", field="repository")
        return f"/repos/{name}"

    def _path(self, context: Context) -> str:
        workflow = render_text(self.workflow, context.shown_scope, ("workflow",))
        if not re.fullmatch(r"[A-Za-z0-9_. -]*[A-Za-z0-9_-]", workflow):
            raise InvalidInput(
                f"{workflow!r} is not a workflow.", hint="Write its file name or its id.", field="workflow"
            )
        return f"{self._repository(context)}/actions/workflows/{quote(workflow, safe='')}"

    def _body(self, scope: Mapping[str, object]) -> dict[str, Json]:
        inputs = render(self.inputs, scope, ("inputs",))
        assert isinstance(inputs, dict)
        texts: dict[str, Json] = {name: as_text(value) for name, value in inputs.items()}
        return {"ref": render_text(self.ref, scope, ("ref",)), "inputs": texts}


@dataclass(frozen=True)
class _Workflow:
    """One workflow. `path`: of the workflow in the API; `web`: where people see the repository."""

    repository: str
    path: str
    web: str
    body: Mapping[str, Json]
    key_input: str | None
    is_idempotent = False

    def start(self, session: Session, mark: str) -> Job:
        inputs = self.body["inputs"]
        assert isinstance(inputs, dict)
        marked = {**inputs, self.key_input: mark} if self.key_input else inputs
        body: dict[str, Json] = {**self.body, "inputs": marked, DETAILS: True}
        response = session.send("POST", f"{self.path}/dispatches", body=body)
        if response.status in (400, 422) and DETAILS in response.text:  # an older GitHub Enterprise Server
            body.pop(DETAILS)
            response = session.send("POST", f"{self.path}/dispatches", body=body)
        started = session.checked(response).json
        run = started.get("workflow_run_id") if isinstance(started, dict) else None
        if not isinstance(run, int):
            raise Unclear("GitHub started the workflow, and does not say as which run.")
        link = started.get("html_url") if isinstance(started, dict) else None
        return Job(str(run), self._link(link, run), "queued")

    def recent(self, session: Session) -> Sequence[Candidate]:
        """Return the newest runs. A list is newest first; the search ends with the first page that is not full."""
        found: list[Candidate] = []
        for page in range(1, PAGES + 1):
            query: dict[str, Json] = {"event": "workflow_dispatch", "exclude_pull_requests": True}
            listed = session.get(f"{self.path}/runs", **query, per_page=PAGE, page=page)
            runs = listed.get("workflow_runs") if isinstance(listed, dict) else None
            if not isinstance(runs, list):
                raise Unclear("GitHub sent a list of runs that cannot be read.")
            found += [self._candidate(run) for run in runs if isinstance(run, dict)]
            if len(runs) < PAGE:
                break
        return found

    def look(self, session: Session, job: Job) -> Job:
        run = session.get(f"{self.repository}/actions/runs/{int(job.id)}")
        if not isinstance(run, dict) or "status" not in run:
            raise Unclear("GitHub sent a run that cannot be read.")
        return self._job(run, job.id)

    def cancel(self, session: Session, job: Job) -> None:
        session.change("POST", f"{self.repository}/actions/runs/{int(job.id)}/cancel")

    def _candidate(self, run: Mapping[str, Json]) -> Candidate:
        shown = f"{run.get('display_title')}\n{run.get('name')}"
        return Candidate(shown, self._job(run, str(run.get("id"))))

    def _job(self, run: Mapping[str, Json], id_: str) -> Job:
        status, conclusion = str(run.get("status")), run.get("conclusion")
        has_ended = status == "completed"
        return Job(
            id=id_,
            url=self._link(run.get("html_url"), id_),
            status=str(conclusion) if has_ended else status,
            succeeded=conclusion == "success" if has_ended else None,
            detail=dict(run),
        )

    def _link(self, url: Json, run: object) -> str:
        return web_link(url, f"{self.web}/actions/runs/{run}")
