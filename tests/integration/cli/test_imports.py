"""What a process has loaded by the time it works: what it needs, all of it, and nothing that only others need."""

import os
import subprocess
import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from typer.main import get_group

from cli.main import Commands

# Runs a command up to the call that keeps it busy, and prints what is loaded by then.
SCRIPT = """
import os
import sys
from importlib import import_module

def work(*_, **__):
    sys.stdout.write("\\n" + " ".join(sys.modules) + "\\n")  # at once: a thread of the process may log meanwhile
    sys.stdout.flush()
    os._exit(0)

without, owner, name, *sys.argv[1:] = sys.argv[1:]
for library in without.split():
    sys.modules[library] = None  # as if it were not installed
if owner.startswith("cli.roles"):
    processes = import_module("cli.processes")
    processes.await_database = processes.watch_database = lambda _: None
setattr(import_module(owner), name, work)
import_module("cli.main").main()
"""
BUSY = {
    "web": ("cli.roles.web", "serve"),
    "socket": ("cli.roles.socket", "run_socket"),
    "poster": ("cli.roles.poster", "stopping"),
    "worker": ("cli.roles.worker", "work"),
    "clock": ("cli.roles.clock", "run_clock"),
    "validate": ("cli.validate", "validate_files"),
    "list": ("cli.client.library", "connect"),
}
READ_DEFINITIONS = {"web", "socket", "worker", "clock"}
OWNERS = {
    "fastapi": {"web"},
    "uvicorn": {"web"},
    "jinja2": {"web"},
    "prometheus_client": {"web"},
    "slack_bolt": {"web", "socket"},
    "slack_sdk": {"web", "socket", "poster"},
    "sqlalchemy": {*READ_DEFINITIONS, "poster"},
    "rq": {*READ_DEFINITIONS, "poster"},
    # Whoever reads definitions has every type of step and action.
    "jsonschema_rs": {*READ_DEFINITIONS, "validate", "list"},
    "httpx2": {*READ_DEFINITIONS, "list"},
    "yaml": {"web", "socket", "validate", "list", "worker"},  # paramiko brings it into the worker
    "paramiko": {"worker"},
    "pymysql": {"worker"},
    "botocore": {"worker"},
    "core.io.aws": {"worker"},
    "core.io.kubeconfig": {"worker"},
    "core.io.ssh": {"worker"},
    "core.io.sql_postgresql": {"worker"},
    "core.io.vault": set[str](),  # only where Vault is configured
    "hvac": set[str](),
    "mcp": set[str](),  # only where RUNBOOK_MCP is on
    "alembic": set[str](),
    "prompt_toolkit": set[str](),
    "schemathesis": set[str](),
}
EXTRAS = ("botocore", "hvac", "mcp", "paramiko", "pymysql")  # what [project.optional-dependencies] installs
ENVIRONMENT = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
    "REDIS_URL": "redis://127.0.0.1:9/0",
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_SIGNING_SECRET": "secret",
    "SLACK_APP_TOKEN": "xapp-1",
    "SLACK_API_URL": "http://127.0.0.1:9/api/",
    "PORT": "0",
    "RUNBOOK_CONCURRENCY": "1",
}


def loaded(command: str, without: str = "") -> set[str]:
    arguments = [without, *BUSY[command], command, *(["examples"] if command == "validate" else [])]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(max(done.stdout.splitlines(), key=len).split())  # the other lines are its log


def modules_of(package: str) -> set[str]:
    return {f"{package}.{module.name}" for module in iter_modules(import_module(package).__path__)}


@pytest.mark.parametrize("command", BUSY)
def test_a_process_has_loaded_what_it_needs_and_no_more(command: str) -> None:
    found = loaded(command)

    assert {name for name in OWNERS if name in found} == {
        name for name, owners in OWNERS.items() if command in owners
    }
    if command in READ_DEFINITIONS:
        assert found >= modules_of("core.steps") | modules_of("core.actions")


@pytest.mark.parametrize("command", BUSY)
def test_a_process_starts_where_no_extra_is_installed(command: str) -> None:
    """Red before: the module for the environment's secrets imported Vault's library, too."""
    assert "structlog" in loaded(command, without=" ".join(EXTRAS))


def test_every_command_is_in_the_module_that_is_named_for_it_and_summed_up_by_its_own_words() -> None:
    """And every command of these modules is named."""
    named = {(name, each.module, each.summary) for name, each in Commands.lazy.items()}
    there = {
        (name, module, summary_of(command))
        for module in {each.module for each in Commands.lazy.values()}
        for name, command in get_group(import_module(module).app).commands.items()
    }

    assert named == there


def summary_of(command: Any) -> str:
    return " ".join((command.help or "").partition("\n\n")[0].split())


SLOW = {
    "rich",
    "pydantic",
    "structlog",
    "importlib.metadata",
}  # each takes longer than all that the help needs
FINISH = {"_RUNBOOK_COMPLETE": "complete_bash", "COMP_WORDS": "runbook can", "COMP_CWORD": "1"}


@pytest.mark.parametrize(
    ("words", "environment", "said", "without"),
    [(["--help"], {}, "Cancel a run: no further step starts.", SLOW), ([], FINISH, "cancel\n", set[str]())],
)
def test_neither_the_help_nor_the_completion_of_a_command_imports_one(
    words: list[str], environment: dict[str, str], said: str, without: set[str]
) -> None:
    code = (
        f"import sys, cli.main; sys.argv = ['runbook', *{words}]\n"
        "try: cli.main.main()\nfinally: print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    imported = done.stdout.splitlines()[-1].split()
    assert said in done.stdout
    assert not ({each.module for each in Commands.lazy.values()} | without) & set(imported)
