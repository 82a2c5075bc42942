"""GitHub Actions, played from https://docs.github.com/en/rest/actions/workflows (create a workflow dispatch event),
https://docs.github.com/en/rest/actions/workflow-runs (get, list and cancel runs), and
https://github.blog/changelog/2026-02-19-workflow-dispatch-api-now-returns-run-ids."""

import re
from dataclasses import dataclass
from typing import Any

from tests.systems.play import NOT_FOUND, Answer, Call, JobPlay

WORKFLOW = "/repos/example/orders/actions/workflows/deploy.yaml"
RUNS = "/repos/example/orders/actions/runs"


@dataclass
class GitHub(JobPlay):
    """`is_old`: an Enterprise Server that does not know `return_run_details`: it answers 422, or 204 without it."""

    is_old: bool = False
    others: int = 0

    def answer(self, call: Call) -> Answer:
        if (call.method, call.path) == ("POST", f"{WORKFLOW}/dispatches"):
            return self._dispatch(call.json)
        if (call.method, call.path) == ("GET", f"{WORKFLOW}/runs"):
            return self._list(int(call.query["per_page"]), int(call.query["page"]))
        if found := re.fullmatch(rf"{RUNS}/(\d+)(/cancel)?", call.path):
            run = next((job for job in self.jobs if str(job["id"]) == found[1]), None)
            if run is None:
                return NOT_FOUND
            if found[2]:
                self.cancelled.append(found[1])
                return Answer(202, {})
            return Answer(200, self._shown(run))
        return NOT_FOUND

    def _dispatch(self, body: dict[str, Any]) -> Answer:
        if self.is_old and "return_run_details" in body:
            return Answer(
                422, {"message": 'Invalid request.\n\n"return_run_details" is not a permitted key.'}
            )
        run = {
            "id": 7000 + len(self.jobs),
            "mark": body["inputs"].get("runbook_key", ""),
            "inputs": body["inputs"],
        }
        self.jobs.append({**run, "ref": body["ref"], "status": "in_progress", "conclusion": None})
        if not body.get("return_run_details"):
            return Answer(204)
        address = f"https://github.com/example/orders/actions/runs/{run['id']}"
        details = {
            "workflow_run_id": run["id"],
            "run_url": f"{self.url}{RUNS}/{run['id']}",
            "html_url": address,
        }
        return Answer(200, details)

    def _list(self, size: int, page: int) -> Answer:
        """Newest first: what others started since, then ours."""
        others = [
            {"id": 9000 + i, "mark": "", "status": "completed", "conclusion": "failure"}
            for i in range(self.others)
        ]
        runs = [*others, *([] if self.hidden else reversed(self.jobs))]
        shown = [self._shown(run) for run in runs[(page - 1) * size : page * size]]
        return Answer(200, {"total_count": len(runs), "workflow_runs": shown})

    def _shown(self, run: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": run["id"],
            "name": "Deploy",
            "display_title": f"Deploy {run['mark']}",
            "event": "workflow_dispatch",
            "status": run["status"],
            "conclusion": run["conclusion"],
            "html_url": f"https://github.com/example/orders/actions/runs/{run['id']}",
        }

    def end(self, *, well: bool = True) -> None:
        self.jobs[-1] |= {"status": "completed", "conclusion": "success" if well else "failure"}

    def step(self, more: str = "", *, keyed: bool = True) -> str:
        return f"""
    - id: deploy
      type: github_actions
      url: {self.url}
      repository: example/orders
      workflow: deploy.yaml
      ref: main
      token: "{{{{ secrets.TOKEN }}}}"
      inputs: {{cluster: orders, replicas: 3}}
      {"key_input: runbook_key" if keyed else ""}
      save: {{result: job.conclusion}}
      {more}
    """
