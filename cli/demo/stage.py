"""The stage: everything the demo needs, started in a folder of its own, gone afterwards."""

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

import examples
from cli.apply import apply_files
from cli.compose import Composition, reachable
from cli.demo.ports import reserved_port
from cli.demo.shell_user import demo_path, shell_user
from cli.demo.workspace import BOT_TOKEN, SIGNING_SECRET, demo_workspace
from cli.environment import environment
from cli.migrate import migrate
from cli.supervisor import Part, Supervisor, addresses
from cli.up import parts
from core.errors import Unavailable
from core.settings import Settings

DEFINITIONS = Path(examples.__file__).parent / "definitions"
START_SECONDS = 60.0


@dataclass(frozen=True)
class Stage:
    """Where everything answers. `settings`: with the addresses of the database and Redis. `logs`: what is said."""

    sandbox: str
    targets: str
    web: str
    settings: Settings
    logs: Path
    supervisor: Supervisor


@contextmanager
def stage(settings: Settings, *, refuse_promote: bool = False) -> Iterator[Stage]:
    """The demo's processes, ready to be used. With port 0 in the settings they take any ports."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="demo-", dir=settings.home, ignore_cleanup_errors=True) as folder,
        reachable(settings.model_copy(update={"home": Path(folder) / "services"})) as found,
        ExitStack() as reserved,
    ):
        logs = Path(folder)
        ports = {
            name: reserved.enter_context(reserved_port(port))
            for name, port in _usual_ports(settings.port).items()
        }
        migrate(found)
        with Composition.of(found) as composition:
            apply_files(composition.service, [DEFINITIONS], approve=True)
        cast = _parts(ports, addresses(found), logs, refuse_promote=refuse_promote)
        with Supervisor(cast) as supervisor:
            here = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
            _await_answers([here["sandbox"], here["targets"], f"{here['web']}/readyz"], logs)
            reserved.close()
            yield Stage(**here, settings=found, logs=logs, supervisor=supervisor)


def _usual_ports(web: int) -> dict[str, int]:
    """With a web port of 0, 0 for all: any free ones."""
    return {"sandbox": 3100, "targets": 3200, "web": web} if web else {"sandbox": 0, "targets": 0, "web": 0}


def _parts(
    ports: dict[str, int], services: dict[str, str], logs: Path, *, refuse_promote: bool
) -> list[Part]:
    workspace = logs / "workspace.json"
    workspace.write_text(json.dumps(demo_workspace(ports["web"]).model_dump(mode="json")), encoding="utf-8")
    target_options = ["--port", str(ports["targets"]), *(["--refuse-promote"] if refuse_promote else [])]
    sandbox_options = ["--port", str(ports["sandbox"]), "--workspace", str(workspace)]
    return [
        Part("sandbox", "slack_sandbox", sandbox_options, log=logs / "sandbox.log"),
        Part("targets", "examples.targets", target_options, log=logs / "targets.log"),
        *parts(_environment(ports, services), socket=False, logs=logs),
    ]


def _environment(ports: dict[str, int], services: dict[str, str]) -> dict[str, str]:
    return {
        **services,
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_API_URL": f"http://127.0.0.1:{ports['sandbox']}/api/",
        "PATH": demo_path(environment()),
        "PORT": str(ports["web"]),
        "PUBLIC_URL": "",
        "RUNBOOK_ADMINS": "U0ERIN",
        "RUNBOOK_SHELL": "on",
        "RUNBOOK_SHELL_USER": shell_user(),
        "RUNBOOK_EGRESS": "127.0.0.1",
        "RUNBOOK_SECRET_DB_API": f"http://127.0.0.1:{ports['targets']}",
    }


def _await_answers(urls: list[str], logs: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    for url in urls:
        while not _answers(url):
            if time.monotonic() > deadline:
                raise Unavailable(f"{url} does not answer.", hint=f"What the processes said is in {logs}.")
            time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=2).status_code == httpx2.codes.OK
    except httpx2.TransportError:
        return False
