"""A shell step attacks the service that runs it: its credentials, its user, its programs, its options.

Whoever may write a runbook that a platform admin does not read closely, or give a parameter to one, tries this.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine

from cli.embedded import Services
from core.statuses import Status
from core.unit_of_work import JobRequest
from core.views.executions import ExecutionView
from tests.attacks.deployment import DATA_OPS, Deployment
from workers.job_queue import RqJobQueue

SIGNING_SECRET, BOT_TOKEN, OTHERS = "signing-6f1c9b", "xoxb-77e0d1", "others-3ab55c"
US, STRANGER = str(os.geteuid()), "65533"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
# Root without a capability is as any user is: its processes are its own, and it may do nothing that others may not.
ORDINARY = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
SPY = """
kind: runbook
name: spy
team: data
steps:
  - id: look
    type: shell
    argv: [sh, -c, {script}]
    timeout: 60s
"""


def started(deployment: Deployment, script: str) -> str:
    deployment.apply(SPY.format(script=json.dumps(script)))
    incident = deployment.incident("data")
    answer = deployment.rest(DATA_OPS).post(f"/api/incidents/{incident.id}/runbooks/spy/execute", json={})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["execution"]["id"])


@contextmanager
def running_worker(engine: Engine, services: Services, number: int, **settings: str) -> Iterator[int]:
    """`runbook worker` as its own process, with everything in its environment that it is started with."""
    given = {
        "DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "REDIS_URL": f"{services.redis_url}{'&' if '?' in services.redis_url else '?'}db={number}",
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "RUNBOOK_SECRET_OTHERS": OTHERS,
        "RUNBOOK_SHELL": "on",
        "PGPASSWORD": OTHERS,
    }
    command = [sys.executable, "-m", "cli", "worker", "--concurrency", "1"]
    with subprocess.Popen(command, env={**os.environ, **given, **settings}) as process:
        try:
            yield process.pid
        finally:
            process.terminate()


def looked(
    deployment: Deployment, engine: Engine, services: Services, redis: Redis, script: str, **settings: str
) -> str:
    """What the step of a real worker saw."""
    execution_id = started(deployment, script)
    number = int(redis.connection_pool.connection_kwargs["db"])
    RqJobQueue(redis).enqueue([JobRequest(kind, enqueued) for kind, enqueued in deployment.jobs.enqueued])
    with running_worker(engine, services, number, **settings):
        deadline = time.monotonic() + 60
        while (view := deployment.see(execution_id)).status not in (Status.SUCCEEDED, Status.FAILED):
            assert time.monotonic() < deadline, view
            time.sleep(0.2)
    output = view.steps[0].output
    assert isinstance(output, dict), view
    return str(output["stdout"])


ENVIRONMENTS = """cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -a -F {words}; echo looked"""
# The command's parents are its two guards, and the worker.
MEMORIES = """
above=$PPID
for who in inner-guard outer-guard worker; do
  ( : < /proc/$above/mem ) 2>/dev/null && echo "$who is open"
  above=$(cut -d ' ' -f 4 /proc/$above/stat)
done
echo looked
"""


@pytest.mark.parametrize("user", [US, pytest.param(STRANGER, marks=as_root)])
def test_no_environment_tells_a_credential(
    deployment: Deployment, engine: Engine, services: Services, redis: Redis, user: str
) -> None:
    """Red before: the worker's environment had signing secret, bot token, database's password and others' secrets."""
    secrets = [SIGNING_SECRET, BOT_TOKEN, OTHERS, str(engine.url.password)]
    script = ENVIRONMENTS.format(words=" ".join(f"-e {secret}" for secret in secrets))
    seen = looked(deployment, engine, services, redis, script, RUNBOOK_SHELL_USER=user)

    assert seen == "looked\n"


@pytest.mark.parametrize("user", [US, pytest.param(STRANGER, marks=as_root)])
def test_no_memory_can_be_opened(
    deployment: Deployment, engine: Engine, services: Services, redis: Redis, user: str
) -> None:
    """Red before: of the same user every process' memory was open, and with it all that the worker knows."""
    seen = looked(deployment, engine, services, redis, MEMORIES, RUNBOOK_SHELL_USER=user)

    assert seen == "looked\n"


WORKS = """
import sys, threading
from datetime import timedelta
from cli.environment import seclude
from core.io.process import Command, ProcessRunner

seclude()
command = Command(["sh", "-c", sys.argv[1]])
print(ProcessRunner("/usr/bin:/bin").run(command, timedelta(seconds=60), threading.Event()).stdout, end="")
"""


def test_no_memory_can_be_opened_where_everybody_is_the_same_ordinary_user() -> None:
    """Red before: as above. Root's own processes have more capabilities than its commands: that alone shuts them."""
    done = subprocess.run(
        [*ORDINARY, sys.executable, "-c", WORKS, MEMORIES], capture_output=True, text=True, check=True
    )

    assert done.stdout == "looked\n"


@as_root
def test_a_command_runs_as_the_user_that_is_set_and_gains_nothing(
    deployment: Deployment, engine: Engine, services: Services, redis: Redis
) -> None:
    """Red before: it ran as root, might become anybody by set-user-ID programs, and worked in the worker's folder."""
    script = "id -u; id -G; umask; ulimit -c; pwd; grep -e NoNewPrivs -e CapEff /proc/self/status; ls /proc/self/fd"
    seen = looked(deployment, engine, services, redis, script, RUNBOOK_SHELL_USER=STRANGER).splitlines()

    assert seen[:4] == [STRANGER, STRANGER, "0077", "0"]
    assert "/runbook-step-" in seen[4]
    assert [line.split()[1] for line in seen[5:7]] == ["0" * 16, "1"]
    assert set(seen[7:]) <= {"0", "1", "2", "3"}
    assert not Path(seen[4]).exists()


@as_root
def test_a_worker_that_is_root_does_not_start_unless_root_is_meant(
    engine: Engine, services: Services
) -> None:
    """Red before: it ran whatever a definition said as root."""
    environ = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none", "REDIS_URL": "redis://127.0.0.1:9/0"}
    done = subprocess.run(
        [sys.executable, "-m", "cli", "worker"],
        env={**os.environ, **environ, "RUNBOOK_SHELL": "on"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert "Set RUNBOOK_SHELL_USER to a user that owns nothing" in done.stderr


# What a parameter may do -----------------------------------------------------------------------------

GREP = """
kind: runbook
name: grep
team: data
parameters:
  type: object
  properties: {word: {type: string, default: x}, program: {type: string, default: echo}}
steps:
  - {id: find, type: shell, argv: ARGV, allow_options: ALLOW}
"""


def asked(
    deployment: Deployment, way: str, argv: str, *, allow: bool = False, **parameters: str
) -> ExecutionView:
    """Run it with these parameters, over REST or by the slash command."""
    deployment.apply(GREP.replace("ARGV", argv).replace("ALLOW", str(allow).lower()))
    incident = deployment.incident("data")
    if way == "rest":
        url = f"/api/incidents/{incident.id}/runbooks/grep/execute"
        answer = deployment.rest(DATA_OPS).post(url, json={"parameters": parameters})
        assert answer.status_code == 201, answer.text
    else:
        words = " ".join(f"{name}={value}" for name, value in parameters.items())
        deployment.slack.types(DATA_OPS, "C0DATA", f"run grep {words}")
    executions = deployment.rest(DATA_OPS).get("/api/runbooks/grep/executions").json()["executions"]
    deployment.work()
    return deployment.see(executions[0]["id"])


WAYS = pytest.mark.parametrize("way", ["rest", "slack"])


@WAYS
def test_a_parameter_is_no_option(deployment: Deployment, way: str) -> None:
    """Red before: `word=--version` was an option; of tar, git or ssh that is any command."""
    run = asked(deployment, way, '[grep, "{{ params.word }}", /dev/null]', word="--version")

    assert run.status is Status.FAILED
    assert "starts with - and would be taken for an option" in str(run.steps[0].error)


@WAYS
def test_behind_two_dashes_it_is_a_word(deployment: Deployment, way: str) -> None:
    run = asked(deployment, way, '[echo, --, "{{ params.word }}"]', word="--version")

    assert run.status is Status.SUCCEEDED


@WAYS
def test_a_definition_may_allow_options(deployment: Deployment, way: str) -> None:
    run = asked(deployment, way, '[grep, "{{ params.word }}"]', allow=True, word="--version")

    assert run.status is Status.SUCCEEDED


@WAYS
def test_a_parameter_chooses_no_program(deployment: Deployment, way: str) -> None:
    """Red before: `program=/bin/sh` was run."""
    run = asked(deployment, way, '["{{ params.program }}", hello]', program="/bin/echo")

    assert run.status is Status.FAILED
    assert "is chosen by a value" in str(run.steps[0].error)
