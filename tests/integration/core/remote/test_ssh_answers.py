"""Hosts that answer as no sshd that we can start does: with a password that we know, with no, or not at all."""

import json
import socket
from collections.abc import Iterator

import pytest

from core.statuses import Status, WaitingFor
from tests.integration.core.execution.test_secrets import everything
from tests.integration.core.remote.common import equip, error_of, output_of, run
from tests.integration.core.world import CoreWorld
from tests.servers.fake_ssh import Behaviour, FakeSsh, running_fake_ssh
from tests.servers.sshd import Sshd


@pytest.fixture
def fake() -> Iterator[FakeSsh]:
    with running_fake_ssh(Behaviour()) as running:
        yield running


def ssh(fake: FakeSsh, **fields: object) -> str:
    step = {
        "id": "there",
        "type": "ssh",
        "host": "127.0.0.1",
        "port": fake.port,
        "user": "deploy",
        "known_hosts": fake.known_hosts,
        "password": "{{ secrets.PASSWORD }}",
        "argv": ["dbctl", "a b"],
    }
    return f"- {json.dumps(step | fields)}\n"


def test_a_password_lets_us_in(world: CoreWorld, fake: FakeSsh) -> None:
    equip(world, PASSWORD="right-password-1")
    execution = run(world, ssh(fake))
    assert world.statuses(execution) == [Status.SUCCEEDED], error_of(world, execution)
    assert output_of(world, execution) == {"exit_code": 0, "stdout": "done", "stderr": ""}
    assert fake.behaviour.commands == [b"dbctl 'a b'"]
    assert "right-password-1" not in everything(world)


def test_a_host_may_want_a_key_and_a_password(world: CoreWorld, fake: FakeSsh, ordinary_sshd: Sshd) -> None:
    fake.behaviour.wants_both = True
    equip(world, PASSWORD="right-password-1", SSH_KEY=ordinary_sshd.key)
    execution = run(world, ssh(fake, key="{{ secrets.SSH_KEY }}"))
    assert world.statuses(execution) == [Status.SUCCEEDED], error_of(world, execution)


def test_a_host_that_refuses_to_run_commands_fails_the_step(world: CoreWorld, fake: FakeSsh) -> None:
    fake.behaviour.refuses = True
    equip(world, PASSWORD="right-password-1")
    execution = run(world, ssh(fake))
    assert world.statuses(execution) == [Status.FAILED]
    assert error_of(world, execution) == "127.0.0.1 refuses to run commands."


def test_a_connection_that_ends_as_the_command_arrives_leaves_a_question(
    world: CoreWorld, fake: FakeSsh
) -> None:
    fake.behaviour.hangs_up = True
    equip(world, PASSWORD="right-password-1")
    execution = run(world, ssh(fake))
    assert world.see(execution).waiting_for is WaitingFor.VERDICT
    assert "The connection was lost as the command was sent" in error_of(world, execution)


def test_a_host_that_never_answers_the_command_leaves_a_question(world: CoreWorld, fake: FakeSsh) -> None:
    fake.behaviour.stalls = True
    equip(world, PASSWORD="right-password-1")
    execution = run(world, ssh(fake, timeout="1s"))
    assert world.see(execution).waiting_for is WaitingFor.VERDICT
    assert "timeout" in error_of(world, execution)


def test_a_host_that_says_nothing_fails_the_step_in_time(world: CoreWorld, fake: FakeSsh) -> None:
    """It accepts the connection, and no word of the protocol comes."""
    equip(world, PASSWORD="right-password-1")
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        known = fake.known_hosts.replace(str(fake.port), str(port))
        execution = run(world, ssh(fake, port=port, known_hosts=known, timeout="1s"))
    assert world.statuses(execution) == [Status.FAILED]
    assert error_of(world, execution) == "Nothing was sent: timeout."
