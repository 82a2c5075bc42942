"""Jenkins, played from https://www.jenkins.io/doc/book/using/remote-access-api/ and the pages `/api/` of its objects:
an item of the queue becomes a build, and is forgotten five minutes later."""

import re
from dataclasses import dataclass
from typing import Any

from tests.systems.play import NOT_FOUND, Answer, Call, JobPlay

JOB = "/job/orders/job/deploy"


@dataclass
class Jenkins(JobPlay):
    """`has_executors`: what is in the queue becomes a build. `forgets`: items that left the queue are forgotten."""

    has_executors: bool = True
    forgets: bool = False

    def answer(self, call: Call) -> Answer:
        if (call.method, call.path) == ("POST", f"{JOB}/buildWithParameters"):
            return self._build(call.form)
        if call.path == "/queue/api/json":
            queued = [] if self.has_executors or self.hidden else [self._item(job) for job in self.jobs]
            return Answer(200, {"items": queued})
        if call.path == f"{JOB}/api/json":
            built = [self._shown(job) for job in reversed(self.jobs)] if self.has_executors else []
            return Answer(200, {"builds": [] if self.hidden else built})
        if found := re.fullmatch(r"/queue/item/(\d+)/api/json", call.path):
            job = self._job("item", found[1])
            return (
                NOT_FOUND
                if job is None or (self.forgets and self.has_executors)
                else Answer(200, self._item(job))
            )
        if call.path == "/queue/cancelItem":
            self.cancelled.append(f"queue/{call.query['id']}")
            return Answer(204)
        if found := re.fullmatch(rf"{JOB}/(\d+)/(api/json|stop)", call.path):
            return self._of_build(found[1], found[2])
        return NOT_FOUND

    def _build(self, form: dict[str, str]) -> Answer:
        number = len(self.jobs) + 1
        job = {"number": number, "item": 100 + number, "mark": form.get("RUNBOOK_KEY", ""), "form": form}
        self.jobs.append({**job, "building": True, "result": None})
        return Answer(201, headers={"Location": f"http://jenkins.invalid/queue/item/{100 + number}/"})

    def _of_build(self, number: str, what: str) -> Answer:
        job = self._job("number", number)
        if job is None:
            return NOT_FOUND
        if what == "stop":
            self.cancelled.append(number)
            return Answer(302, headers={"Location": f"http://jenkins.invalid{JOB}/{number}/"})
        return Answer(200, self._shown(job))

    def _job(self, name: str, value: str) -> dict[str, Any] | None:
        return next((job for job in self.jobs if str(job[name]) == value), None)

    def _parameters(self, job: dict[str, Any]) -> list[dict[str, Any]]:
        values = [{"name": name, "value": value} for name, value in job["form"].items()]
        return [{"_class": "hudson.model.CauseAction"}, {"parameters": values}]

    def _item(self, job: dict[str, Any]) -> dict[str, Any]:
        item = {
            "id": job["item"],
            "why": "Waiting for next available executor",
            "actions": self._parameters(job),
        }
        if not self.has_executors:
            return item
        executable = {"number": job["number"], "url": f"http://jenkins.invalid{JOB}/{job['number']}/"}
        return {**item, "why": None, "cancelled": False, "executable": executable}

    def _shown(self, job: dict[str, Any]) -> dict[str, Any]:
        return {
            "number": job["number"],
            "url": f"http://jenkins.invalid{JOB}/{job['number']}/",
            "queueId": job["item"],
            "building": job["building"],
            "result": job["result"],
            "actions": self._parameters(job),
        }

    def end(self, *, well: bool = True) -> None:
        self.jobs[-1] |= {"building": False, "result": "SUCCESS" if well else "FAILURE"}

    def step(self, more: str = "", *, keyed: bool = True) -> str:
        return f"""
    - id: deploy
      type: jenkins
      url: {self.url}/
      job: orders/deploy
      user: runbook
      token: "{{{{ secrets.TOKEN }}}}"
      parameters: {{CLUSTER: orders}}
      {"key_parameter: RUNBOOK_KEY" if keyed else ""}
      save: {{result: job.result}}
      {more}
    """
