"""AWX, played from https://docs.ansible.com/automation-controller/latest/html/controllerapi/api_ref.html: launch a
template (with what it prompts for, and `ignored_fields`), read and list jobs, cancel one."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from tests.systems.play import NOT_FOUND, Answer, Call, JobPlay

TEMPLATE = "/api/v2/job_templates/Deploy++Default"


@dataclass
class Awx(JobPlay):
    """`prompts`: what the template asks for on launch; it ignores the rest. `surveys`: variables that it asks for."""

    prompts: set[str] = field(default_factory=lambda: {"variables", "limit"})
    surveys: set[str] = field(default_factory=set)

    def answer(self, call: Call) -> Answer:
        if call.path == f"{TEMPLATE}/launch/":
            return self._launch(call.json) if call.method == "POST" else Answer(200, self._asked())
        if call.path == f"{TEMPLATE}/jobs/":
            listed = [] if self.hidden else [self._shown(job) for job in reversed(self.jobs)]
            return Answer(200, {"count": len(listed), "next": None, "results": listed})
        if found := re.fullmatch(r"/api/v2/jobs/(\d+)/(cancel/)?", call.path):
            job = next((job for job in self.jobs if str(job["id"]) == found[1]), None)
            if job is None:
                return NOT_FOUND
            if found[2]:
                self.cancelled.append(found[1])
                return Answer(202)
            return Answer(200, {**self._shown(job), "artifacts": {"restarted": 3}})
        return NOT_FOUND

    def _asked(self) -> dict[str, Any]:
        names = ("variables", "limit", "inventory", "tags", "skip_tags")
        asked = {f"ask_{name}_on_launch": name in self.prompts for name in names}
        return {**asked, "survey_enabled": bool(self.surveys), "can_start_without_user_input": True}

    def _launch(self, body: dict[str, Any]) -> Answer:
        variables = body.get("extra_vars", {})
        taken = {n: v for n, v in variables.items() if "variables" in self.prompts or n in self.surveys}
        ignored = {n: v for n, v in variables.items() if n not in taken}
        job = {"id": 40 + len(self.jobs), "extra_vars": json.dumps(taken), "limit": body.get("limit", "")}
        self.jobs.append({**job, "status": "running", "mark": taken.get("runbook_key", "")})
        fields = {"extra_vars": ignored} if ignored else {}
        return Answer(
            201, {"job": job["id"], "ignored_fields": fields, **job, "type": "job", "status": "pending"}
        )

    def _shown(self, job: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in job.items() if name != "mark"}

    def end(self, *, well: bool = True) -> None:
        self.jobs[-1]["status"] = "successful" if well else "failed"

    def step(self, more: str = "", *, keyed: bool = True) -> str:
        return f"""
    - id: deploy
      type: awx
      url: {self.url}/api/v2
      template: Deploy++Default
      token: "{{{{ secrets.TOKEN }}}}"
      variables: {{cluster: orders}}
      {"" if keyed else "key_variable: null"}
      save: {{result: job.status}}
      {more}
    """
