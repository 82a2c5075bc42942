"""A real `web` process on embedded servers, with people, definitions and their tokens."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chaos.environment import await_answer
from cli.apply import apply_text
from cli.compose import Composition
from cli.demo.stage import reserved_port
from cli.embedded import embedded_services
from cli.migrate import migrate
from cli.operator import OPERATOR
from core.services.access.people import load_person
from core.services.access.tokens import ALL_SCOPES, create_token
from core.services.incidents.opening import NewIncident, open_incident
from core.settings import Settings
from core.unit_of_work import UnitOfWorkFactory

SECRET, CHANNEL = "fuzz-signing-secret", "C0FUZZ"
NOBODY, RESPONDER, ADMIN, ROOT = "U0NOBODY", "U0OPS", "U0ADMIN", "U0ROOT"
TOKENS_EACH = 8  # a single token would mostly run into the rate limit
TEAM, APP = "T1", "A1"  # the workspace and app that Slack's requests name
DEFINITIONS = f"""
kind: team
name: data
members:
  - {{slack: {RESPONDER}, role: responder}}
  - {{slack: {ADMIN}, role: admin}}
---
kind: runbook
name: all-kinds
team: data
lock: "db/{{{{ params.text }}}}"
parameters:
  type: object
  properties:
    text: {{type: string, pattern: "^(a+)+$", default: a}}
    count: {{type: integer, default: 1}}
    hosts: {{type: array, items: {{type: string}}}}
    free: {{}}
steps:
  - {{id: say, type: message, text: "{{{{ params.count + 1 }}}} of {{{{ incident.title }}}}"}}
  - {{id: gate, type: approval, approvers: {{team: data}}}}
  - {{id: call, type: http, method: POST, url: "https://api.example/", json: {{all: "{{{{ params }}}}"}}}}
---
kind: workflow
name: on-words
team: data
trigger: {{on: incident.created}}
when: incident.description.split(" ").exists(x, x == incident.title) || incident.title.matches("^(a|b)+$")
actions: [{{id: say, type: message, text: "{{{{ incident.description }}}}"}}]
"""


@dataclass(frozen=True)
class Deployment:
    """A running deployment. `tokens`: several per person. `process`: the web process, `log`: its log."""

    url: str
    tokens: Mapping[str, list[str]]
    incident_id: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def peak_memory(self) -> int:
        """Return web's peak memory in megabytes (https://man7.org/linux/man-pages/man5/proc.5.html, VmHWM)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) // 1024


@contextmanager
def running_deployment(folder: Path) -> Iterator[Deployment]:
    with embedded_services(folder / "servers") as services, reserved_port(0) as port:
        environment = {
            "DATABASE_URL": services.database_url,
            "REDIS_URL": services.redis_url,
            "RUNBOOK_HOME": str(folder / "home"),
            "SLACK_BOT_TOKEN": "xoxb-fuzz",
            "SLACK_SIGNING_SECRET": SECRET,
            "SLACK_API_URL": "http://127.0.0.1:9/api/",
            "SLACK_TEAM_ID": TEAM,
            "SLACK_APP_ID": APP,
            "RUNBOOK_ADMINS": ROOT,
            "RUNBOOK_LIMITS": "1000",
            "PORT": str(port),
        }
        tokens, incident_id = _fill(
            Settings.from_environment({**environment, "DATABASE_OWNER_URL": services.owner_url})
        )
        log = folder / "web.log"
        with log.open("wb") as output:
            command = [sys.executable, "-m", "cli", "web"]
            process = subprocess.Popen(
                command, env={**os.environ, **environment}, stdout=output, stderr=output
            )
            try:
                url = f"http://127.0.0.1:{port}"
                await_answer(f"{url}/readyz")
                yield Deployment(url, tokens, incident_id, process, log)
            finally:
                process.terminate()
                process.wait()


def _fill(settings: Settings) -> tuple[dict[str, list[str]], str]:
    migrate(settings)
    with Composition.of(settings) as composition:
        apply_text(composition.unit_of_work, DEFINITIONS, "fuzz", approve=True)
        people = (NOBODY, RESPONDER, ADMIN, ROOT)
        return {person: _tokens(composition.unit_of_work, person) for person in people}, _incident(
            composition.unit_of_work
        )


def _tokens(unit_of_work: UnitOfWorkFactory, person: str) -> list[str]:
    with unit_of_work.begin() as work:
        return [
            create_token(work, OPERATOR, person, f"fuzz-{number}", scopes=ALL_SCOPES)
            for number in range(TOKENS_EACH)
        ]


def _incident(unit_of_work: UnitOfWorkFactory) -> str:
    with unit_of_work.begin() as work:
        person = load_person(work, RESPONDER, source="fuzz")
        return open_incident(work, person, NewIncident("Orders down", "data", slack_channel=CHANNEL)).id
