"""The demo's environment: ports, a Slack workspace and all processes, in a temporary folder of its own.

It uses the usual ports where they are free, so that a demo can run beside another one or beside a deployment.
"""

import json
import os
import shlex
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx2

import examples
from bot.app_manifest import EVENTS, GLOBAL_SHORTCUT, MESSAGE_SHORTCUT, PRIVATE_EVENTS
from cli.apply import apply_files
from cli.command_path import command_path
from cli.compose import Composition, reachable
from cli.environment import environment
from cli.migrate import migrate
from cli.supervisor import Part, Start, Supervisor, addresses, start_process
from cli.up import parts
from core.errors import Unavailable
from core.io.confinement import Account, Confinement
from core.io.process import Command, ProcessRunner
from core.settings import Settings
from examples import targets
from slack_sandbox.config import (
    AppConfig,
    ChannelConfig,
    ShortcutConfig,
    TeamConfig,
    UserConfig,
    WorkspaceConfig,
)

HOST = "127.0.0.1"


@contextmanager
def reserved_port(wanted: int) -> Iterator[int]:
    """Yield `wanted` if it is free on loopback, otherwise any free port; 0 means any. It stays reserved in the block.

    On Linux a server with SO_REUSEADDR can still listen on a port that is bound with it but not listening (socket(7)).
    """
    reservation = _bound(wanted)
    with reservation:
        yield int(reservation.getsockname()[1])


def _bound(wanted: int) -> socket.socket:
    try:
        return _bind(wanted)
    except OSError:
        return _bind(0)


def _bind(port: int) -> socket.socket:
    reservation = socket.socket()
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        reservation.bind((HOST, port))
    except OSError:
        reservation.close()
        raise
    return reservation


def port_near(wanted: int) -> int:
    """Return a port that is free at this moment, chosen as `reserved_port` does."""
    with reserved_port(wanted) as port:
        return port


UNPRIVILEGED = "65533"  # owns nothing; not `nobody`, which the embedded PostgreSQL runs as
DEMO_PROGRAMS = Path(targets.__file__).with_name("bin")
PATIENCE = timedelta(seconds=20)


def demo_path(environ: Mapping[str, str]) -> str:
    """Return the PATH of the demo's processes: it includes `dbctl`, which is not installed with the product."""
    return os.pathsep.join([str(DEMO_PROGRAMS), environ.get("PATH", os.defpath)])


def shell_user() -> str:
    """Return RUNBOOK_SHELL_USER for the demo: empty unless this process runs as root.

    For root it is an unprivileged user, or root itself if only root can reach the folder of our programs.
    """
    if os.geteuid() != 0:
        return ""
    unprivileged = Confinement(Account.named(UNPRIVILEGED))
    runner = ProcessRunner(command_path({"PATH": demo_path(os.environ)}), unprivileged)
    result = runner.run(Command(["dbctl", "--help"]), PATIENCE, threading.Event())
    return UNPRIVILEGED if result.exit_code == 0 else "root"


SIGNING_SECRET = "demo-signing-secret"
CLIENT_ID, CLIENT_SECRET = "demo-client", "demo-client-secret"
BOT_TOKEN = "xoxb-demo"
APP_TOKEN = "xapp-demo"
REQUESTER, APPROVER, PLATFORM_ADMIN = "U0BOB", "U0ALICE", "U0ERIN"
CHANNEL = "C0INCIDENTS"

PEOPLE = (
    UserConfig(id="U0BOB", name="bob", real_name="Bob Silva", title="On call, database", color="#b5651d"),
    UserConfig(id="U0ALICE", name="alice", real_name="Alice Ng", title="Database admin", color="#2f6f9f"),
    UserConfig(id="U0CARLA", name="carla", real_name="Carla Meyer", title="Web admin", color="#4f8f3f"),
    UserConfig(id="U0DAN", name="dan", real_name="Dan Okafor", title="On call, web", color="#7a4fa3"),
    UserConfig(id="U0ERIN", name="erin", real_name="Erin Kowalski", title="Platform admin", color="#a33b4f"),
)


def demo_workspace(web_port: int) -> WorkspaceConfig:
    return WorkspaceConfig(
        team=TeamConfig(id="T0ACME", name="Acme", domain="acme"),
        users=PEOPLE,
        channels=(
            ChannelConfig(id="C0GENERAL", name="general", topic="Company-wide talk"),
            ChannelConfig(
                id=CHANNEL, name="incidents", topic="Something is broken? /runbook incident open …"
            ),
        ),
        app=AppConfig(
            bot_token=BOT_TOKEN,
            app_token=APP_TOKEN,
            signing_secret=SIGNING_SECRET,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            redirect_urls=(f"http://127.0.0.1:{web_port}/",),
            request_url=f"http://127.0.0.1:{web_port}/slack/events",
            shortcuts=(
                ShortcutConfig(callback_id=MESSAGE_SHORTCUT, name="Run a runbook", type="message"),
                ShortcutConfig(callback_id=GLOBAL_SHORTCUT, name="Run a runbook", type="global"),
            ),
            events=(*EVENTS, *PRIVATE_EVENTS),
        ),
    )


DEFINITIONS = Path(examples.__file__).parent / "definitions"
START_SECONDS = 60.0


@dataclass(frozen=True)
class Stage:
    """The addresses of the running demo. `settings` has those of the database and Redis; `logs` is the log folder.

    `environment`: a file for a shell, after which its `runbook` commands work on the demo.
    """

    sandbox: str
    targets: str
    web: str
    settings: Settings
    logs: Path
    supervisor: Supervisor
    environment: Path


@contextmanager
def stage(
    settings: Settings, *, refuse_promote: bool = False, agents: bool = False, start: Start = start_process
) -> Iterator[Stage]:
    """Yield the running demo once every process answers. With port 0 in the settings it takes any free ports.

    `agents`: whether it has a door for agents. `start`: how its processes are started.
    """
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
            apply_files(composition.unit_of_work, [DEFINITIONS], approve=True)
        services = {**addresses(found), "RUNBOOK_MCP": "on" if agents else "off"}
        processes = _parts(ports, services, logs, refuse_promote=refuse_promote)
        with Supervisor(processes, start) as supervisor:
            here = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
            _await_answers([here["sandbox"], here["targets"], f"{here['web']}/readyz"], logs)
            reserved.close()
            with _environment_file(settings.home / "demo.env", found, here["web"]) as file:
                yield Stage(**here, settings=found, logs=logs, supervisor=supervisor, environment=file)


@contextmanager
def _environment_file(file: Path, settings: Settings, web: str) -> Iterator[Path]:
    """Write what a second terminal needs, while the demo runs. Of several demos in one home, the last has it."""
    needed = {**addresses(settings), "RUNBOOK_URL": web, "RUNBOOK_ADMINS": PLATFORM_ADMIN}
    text = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in needed.items())
    file.touch(0o600)
    file.write_text(text, encoding="utf-8")
    try:
        yield file
    finally:
        if file.exists() and file.read_text(encoding="utf-8") == text:
            file.unlink()


def _usual_ports(web: int) -> dict[str, int]:
    """Return the preferred ports; all 0 (any free port) if the web port is 0."""
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
        "SLACK_CLIENT_ID": CLIENT_ID,
        "SLACK_CLIENT_SECRET": CLIENT_SECRET,
        "SLACK_API_URL": f"http://127.0.0.1:{ports['sandbox']}/api/",
        "PATH": demo_path(environment()),
        "PORT": str(ports["web"]),
        "PUBLIC_URL": f"http://127.0.0.1:{ports['web']}",
        "RUNBOOK_ADMINS": PLATFORM_ADMIN,
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
                raise Unavailable(f"{url} does not answer.", hint=f"The logs of the processes are in {logs}.")
            time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=2).status_code == httpx2.codes.OK
    except httpx2.TransportError:
        return False
