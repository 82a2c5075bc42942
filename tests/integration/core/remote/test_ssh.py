"""Steps of type ssh against a real sshd: what they do, and what they know when something breaks."""

import json
import os
import signal
import subprocess
import threading
import uuid
from datetime import timedelta
from pathlib import Path

import pytest

from cli.apply import apply_text
from core.io.attempts import CancelToken
from core.io.http import NotSent
from core.io.remote import RemoteCommand, SshHost
from core.services.executions.loading import LEASE
from core.statuses import Status, WaitingFor
from tests.integration.core.execution.test_secrets import everything
from tests.integration.core.remote.common import equip, error_of, output_of, run, until
from tests.integration.core.world import CoreWorld
from tests.servers.lone_worker import start_lone_worker
from tests.servers.programs import free_port, ordinary_account
from tests.servers.proxy import Proxy
from tests.servers.sshd import Sshd, new_key
from tests.world import new_executor


def ssh(sshd: Sshd, *argv: str, **fields: object) -> str:
    """A step with this command."""
    step = {
        "id": "there",
        "type": "ssh",
        "host": "127.0.0.1",
        "port": sshd.port,
        "user": sshd.user,
        "known_hosts": sshd.known_hosts,
        "key": "{{ secrets.SSH_KEY }}",
        "argv": list(argv),
    }
    given = {name: value for name, value in (step | fields).items() if value is not None}
    return f"- {json.dumps(given)}\n"


@pytest.fixture
def mark() -> str:
    """An argument that only the command of this test has: others run beside it, on the same machine."""
    return str(uuid.uuid4().int)[:12]


def running_marks(mark: str) -> list[int]:
    """The processes on this machine with this mark among their arguments."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                arguments = (folder / "cmdline").read_bytes().split(b"\0")
                is_alive = (folder / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
            except (OSError, IndexError):
                continue
            if mark.encode() in arguments and is_alive:
                found.append(int(folder.name))
    return found


def test_arguments_arrive_as_they_are_written_and_values_are_saved(world: CoreWorld, sshd: Sshd) -> None:
    equip(world, SSH_KEY=sshd.key)
    odd = "a b; $HOME `id` 'x' \"y\" \\ *"
    step = ssh(
        sshd,
        "sh",
        "-c",
        'printf "%s|" "$@"; cat; echo err >&2',
        "sh",
        odd,
        "",
        stdin="of stdin",
        expect='result.stdout.contains("of stdin")',
        save={"said": "result.stderr"},
    )
    execution = run(world, step + '- {id: say, type: message, text: "{{ steps.there.saved.said }}"}')
    assert world.see(execution).status is Status.SUCCEEDED, error_of(world, execution)
    assert output_of(world, execution) == {"exit_code": 0, "stdout": f"{odd}||of stdin", "stderr": "err\n"}
    assert world.step(execution, 1).output == {"text": "err\n"}
    request = world.step(execution).request
    assert isinstance(request, dict)
    assert request["host"] == f"{sshd.user}@127.0.0.1:{sshd.port}"
    assert "PRIVATE KEY" not in everything(world)


def test_a_server_that_accepts_the_steps_key_gets_it(world: CoreWorld, ordinary_sshd: Sshd) -> None:
    equip(world, SSH_KEY=ordinary_sshd.key)
    execution = run(world, ssh(ordinary_sshd, "printenv", "RUNBOOK_STEP_KEY"))
    assert output_of(world, execution)["stdout"] == f"{execution}.there\n"


@pytest.mark.parametrize(
    ("script", "code"), [("exit 3", 3), ("kill -9 $$", 137)], ids=["exit code", "signal"]
)
def test_a_command_that_fails_fails_the_step(world: CoreWorld, sshd: Sshd, script: str, code: int) -> None:
    equip(world, SSH_KEY=sshd.key)
    execution = run(world, ssh(sshd, "sh", "-c", script))
    assert world.statuses(execution) == [Status.FAILED]
    assert error_of(world, execution) == f"Exited with code {code}; expected result.exit_code == 0"


def test_secrets_are_masked_in_what_a_command_writes(world: CoreWorld, ordinary_sshd: Sshd) -> None:
    equip(world, SSH_KEY=ordinary_sshd.key, TOKEN="correct-horse-battery")
    script = 'cat; printf "%s" "$1" | base64; printf "%s" "$1" >&2; exit 1'
    both = "{{ secrets.TOKEN }} {{ secrets.SSH_KEY }}"
    step = ssh(ordinary_sshd, "sh", "-c", script, "sh", "{{ secrets.TOKEN }}", stdin=both)
    execution = run(world, step)
    assert output_of(world, execution)["stderr"] == "***"
    stored = everything(world)
    assert "correct-horse" not in stored
    assert "Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5" not in stored
    assert ordinary_sshd.key.splitlines()[2] not in stored


def test_a_long_output_is_cut(world: CoreWorld, ordinary_sshd: Sshd) -> None:
    equip(world, SSH_KEY=ordinary_sshd.key)
    execution = run(world, ssh(ordinary_sshd, "sh", "-c", "yes abcdefg | head -c 5000000"))
    assert world.statuses(execution) == [Status.SUCCEEDED]
    said = str(output_of(world, execution)["stdout"])
    assert "bytes left out" in said
    assert len(said) < 40_000


def test_an_input_that_nobody_reads_does_not_hold_the_command_up(
    world: CoreWorld, ordinary_sshd: Sshd
) -> None:
    equip(world, SSH_KEY=ordinary_sshd.key)
    execution = run(world, ssh(ordinary_sshd, "true", stdin="x" * 900_000))
    assert world.statuses(execution) == [Status.SUCCEEDED]


def test_what_a_command_leaves_running_is_named(world: CoreWorld, ordinary_sshd: Sshd) -> None:
    equip(world, SSH_KEY=ordinary_sshd.key)
    execution = run(world, ssh(ordinary_sshd, "sh", "-c", "sleep 4 & echo done"))
    assert world.statuses(execution) == [Status.SUCCEEDED]
    assert output_of(world, execution) == {"exit_code": 0, "stdout": "done\n", "stderr": "", "lingers": True}


def test_at_its_timeout_the_command_is_killed_and_the_host_confirms_it(
    world: CoreWorld, ordinary_sshd: Sshd, mark: str
) -> None:
    equip(world, SSH_KEY=ordinary_sshd.key)
    step = ssh(
        ordinary_sshd,
        "sh",
        "-c",
        "trap '' TERM HUP; echo begun; sleep 77 & sleep 77",
        mark,
        timeout="2s",
    )
    execution = run(world, step)
    assert (world.statuses(execution), world.see(execution).waiting_for) == (
        [Status.UNKNOWN],
        WaitingFor.VERDICT,
    )
    assert error_of(world, execution).startswith(
        "The command was stopped: timeout. The host confirmed that it has ended."
    )
    assert output_of(world, execution)["stdout"] == "begun\n"
    until(lambda: not running_marks(mark), "the command's end")


def test_where_the_host_passes_no_signals_on_the_result_says_so(
    world: CoreWorld, sshd: Sshd, mark: str
) -> None:
    """OpenSSH passes none to the processes of root."""
    equip(world, SSH_KEY=sshd.key)
    execution = run(world, ssh(sshd, "sh", "-c", "sleep 5; true", mark, timeout="1s"))
    confirmed = "The host confirmed that it has ended."
    not_confirmed = "The host did not confirm that it has ended: it may still be running."
    assert error_of(world, execution).startswith(
        f"The command was stopped: timeout. {not_confirmed if sshd.user == 'root' else confirmed}"
    )
    assert bool(running_marks(mark)) == (sshd.user == "root")


def test_with_a_terminal_the_command_ends_whoever_it_belongs_to(
    world: CoreWorld, sshd: Sshd, mark: str
) -> None:
    equip(world, SSH_KEY=sshd.key)
    execution = run(world, ssh(sshd, "sh", "-c", "tty; sleep 78; true", mark, terminal=True, timeout="8s"))
    if os.geteuid() != 0:  # this sshd is nobody's but ours, and only root may give a terminal away
        assert error_of(world, execution) == "127.0.0.1 opened no session: the connection was closed."
        return
    assert error_of(world, execution).startswith(
        "The command was stopped: timeout. The host confirmed that it has ended."
    )
    assert str(output_of(world, execution)["stdout"]).startswith("/dev/pts/")
    assert running_marks(mark) == []


def test_a_cancelled_run_ends_its_command(world: CoreWorld, ordinary_sshd: Sshd, mark: str) -> None:
    equip(world, SSH_KEY=ordinary_sshd.key)
    execution = world.begin(ssh(ordinary_sshd, "sleep", f"80.{mark}"))
    worker = threading.Thread(target=world.work)
    worker.start()
    until(lambda: running_marks(f"80.{mark}"), "the command")
    world.cancel(execution)
    worker.join(30)
    assert world.see(execution).status is Status.CANCELLED
    assert "The command was stopped: stopped. The host confirmed" in error_of(world, execution)
    assert running_marks(f"80.{mark}") == []


def test_a_killed_worker_leaves_a_question(
    world: CoreWorld, ordinary_sshd: Sshd, database_url: str, mark: str
) -> None:
    equip(world, SSH_KEY=ordinary_sshd.key)
    execution = world.begin(ssh(ordinary_sshd, "sleep", f"80.{mark}"))
    worker = start_lone_worker(database_url, execution, {"SSH_KEY": ordinary_sshd.key})
    until(lambda: running_marks(f"80.{mark}"), "the command")
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    world.pass_by(seconds=LEASE.total_seconds() + 1)
    assert (world.statuses(execution), world.see(execution).waiting_for) == (
        [Status.UNKNOWN],
        WaitingFor.VERDICT,
    )
    [left] = running_marks(f"80.{mark}")  # nobody can know that from here: that is why people are asked
    subprocess.run(["kill", "-9", str(left)], check=True)


def test_a_connection_that_is_lost_while_the_command_runs_leaves_a_question(
    world: CoreWorld, ordinary_sshd: Sshd, sshd_proxy: Proxy, mark: str
) -> None:
    equip(world, SSH_KEY=ordinary_sshd.key)
    step = ssh(
        ordinary_sshd,
        "sh",
        "-c",
        f"echo begun; sleep 3.{mark}",
        port=sshd_proxy.port,
        known_hosts=ordinary_sshd.known_as(sshd_proxy.port),
    )
    execution = world.begin(step)
    worker = threading.Thread(target=world.work)
    worker.start()
    until(lambda: running_marks(f"3.{mark}"), "the command")
    sshd_proxy.cut()
    worker.join(30)
    assert world.see(execution).waiting_for is WaitingFor.VERDICT
    assert error_of(world, execution).startswith("The connection was lost while the command ran.")


def test_a_host_that_does_not_answer_fails_the_step(world: CoreWorld, ordinary_sshd: Sshd) -> None:
    equip(world, SSH_KEY=ordinary_sshd.key)
    port = free_port()
    execution = run(world, ssh(ordinary_sshd, "true", port=port))
    assert world.statuses(execution) == [Status.FAILED]
    assert error_of(world, execution) == f"No connection to 127.0.0.1:{port}: Connection refused."


def test_a_host_with_another_key_is_not_called(world: CoreWorld, ordinary_sshd: Sshd, tmp_path: Path) -> None:
    equip(world, SSH_KEY=ordinary_sshd.key)
    new_key(tmp_path / "other")
    other = f"[127.0.0.1]:{ordinary_sshd.port} {(tmp_path / 'other.pub').read_text()}"
    execution = run(world, ssh(ordinary_sshd, "true", known_hosts=other))
    assert world.statuses(execution) == [Status.FAILED]
    assert "127.0.0.1 has another ssh-ed25519 key than in known_hosts: SHA256:" in error_of(world, execution)


@pytest.mark.parametrize(
    "known",
    ["", "other.example ssh-ed25519 AAAA", "@revoked {line}\n{line}", "127.0.0.1 {key}"],
    ids=["none", "of another host", "revoked", "of another port"],
)
def test_a_host_without_a_known_key_is_not_called(world: CoreWorld, ordinary_sshd: Sshd, known: str) -> None:
    equip(world, SSH_KEY=ordinary_sshd.key)
    line = ordinary_sshd.known_hosts.strip()
    text = known.format(line=line, key=line.partition(" ")[2])
    execution = run(world, ssh(ordinary_sshd, "true", known_hosts=text))
    assert world.statuses(execution) == [Status.FAILED]
    assert error_of(world, execution).startswith(
        f"known_hosts has no key of [127.0.0.1]:{ordinary_sshd.port}. Add its line"
    )


def test_a_key_that_the_host_does_not_accept_fails_the_step(
    world: CoreWorld, ordinary_sshd: Sshd, tmp_path: Path
) -> None:
    equip(world, SSH_KEY=new_key(tmp_path / "stranger", "rsa"))
    execution = run(world, ssh(ordinary_sshd, "true"))
    assert world.statuses(execution) == [Status.FAILED]
    assert error_of(world, execution).startswith(
        f"127.0.0.1 does not let {ordinary_sshd.user} in: Authentication failed"
    )


@pytest.mark.parametrize(
    ("key", "said"),
    [("not a key", "is not a private key"), (None, "has a passphrase")],
    ids=["no key", "with a passphrase"],
)
def test_a_key_that_cannot_be_used_is_explained(
    world: CoreWorld, ordinary_sshd: Sshd, tmp_path: Path, key: str | None, said: str
) -> None:
    if key is None:
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "passphrase", "-f", str(tmp_path / "k")], check=True
        )
        key = (tmp_path / "k").read_text()
    equip(world, SSH_KEY=key)
    execution = run(world, ssh(ordinary_sshd, "true"))
    assert world.statuses(execution) == [Status.FAILED]
    assert said in error_of(world, execution)


def test_a_password_that_is_wrong_fails_the_step_and_is_shown_nowhere(
    world: CoreWorld, ordinary_sshd: Sshd
) -> None:
    equip(world, PASSWORD="wrong-password-77")
    execution = run(world, ssh(ordinary_sshd, "true", key=None, password="{{ secrets.PASSWORD }}"))
    assert world.statuses(execution) == [Status.FAILED]
    assert "does not let" in error_of(world, execution)
    assert "wrong-password-77" not in everything(world)


def test_a_host_is_reached_through_a_jump_host(
    world: CoreWorld, ordinary_sshd: Sshd, sshd_proxy: Proxy
) -> None:
    equip(world, SSH_KEY=ordinary_sshd.key)
    jump = {
        "host": "127.0.0.1",
        "port": sshd_proxy.port,
        "known_hosts": ordinary_sshd.known_as(sshd_proxy.port),
    }
    execution = run(world, ssh(ordinary_sshd, "echo", "far", jump=jump))
    assert world.statuses(execution) == [Status.SUCCEEDED], error_of(world, execution)
    assert output_of(world, execution)["stdout"] == "far\n"
    assert sshd_proxy.seen == 1


def test_a_jump_host_that_does_not_reach_the_host_fails_the_step(
    world: CoreWorld, ordinary_sshd: Sshd
) -> None:
    equip(world, SSH_KEY=ordinary_sshd.key)
    jump = {"host": "127.0.0.1", "port": ordinary_sshd.port, "known_hosts": ordinary_sshd.known_hosts}
    execution = run(world, ssh(ordinary_sshd, "true", port=free_port(), jump=jump))
    assert world.statuses(execution) == [Status.FAILED]
    assert "127.0.0.1 does not connect to 127.0.0.1" in error_of(world, execution)


@pytest.mark.parametrize("place", ["host", "jump"])
def test_a_host_that_the_egress_policy_forbids_is_not_called(
    world: CoreWorld, ordinary_sshd: Sshd, place: str
) -> None:
    """Neither directly, nor as a jump host, nor behind one."""
    equip(world, SSH_KEY=ordinary_sshd.key)
    other = {"host": "127.0.0.2", "port": ordinary_sshd.port}
    jump = {"host": "127.0.0.1", "known_hosts": ordinary_sshd.known_hosts, "port": ordinary_sshd.port}
    fields: dict[str, object] = {"jump": other} if place == "jump" else {"host": "127.0.0.2", "jump": jump}
    execution = world.begin(ssh(ordinary_sshd, "true", **fields))
    restrict(world, ordinary_sshd.key, types=["ssh"])
    world.work()
    assert world.statuses(execution) == [Status.FAILED]
    assert "127.0.0.2 may not be called from here" in error_of(world, execution)


def restrict(world: CoreWorld, key: str, **declaration: object) -> None:
    """Declare the key anew, for a worker that has seen no earlier declaration."""
    about = {"kind": "secret", "name": "SSH_KEY", "source": {"env": "RUNBOOK_SECRET_SSH_KEY"}}
    document = json.dumps({**about, "teams": ["database"], **declaration})
    apply_text(world.unit_of_work, document, "secrets.yaml", approve=False)
    world.executor = new_executor(world.unit_of_work, secrets={"SSH_KEY": key})


def test_a_key_goes_only_to_the_hosts_of_its_declaration(
    world: CoreWorld, ordinary_sshd: Sshd, sshd_proxy: Proxy
) -> None:
    """And a jump host needs to be one of them if it gets the same key."""
    equip(world, SSH_KEY=ordinary_sshd.key)
    direct = world.begin(ssh(ordinary_sshd, "true"), name="direct")
    jump = {
        "host": "127.0.0.1",
        "port": sshd_proxy.port,
        "known_hosts": ordinary_sshd.known_as(sshd_proxy.port),
    }
    execution = world.begin(ssh(ordinary_sshd, "true", jump=jump))
    restrict(world, ordinary_sshd.key, hosts=[f"127.0.0.1:{ordinary_sshd.port}"], types=["ssh"])
    world.work()
    assert world.statuses(direct) == [Status.SUCCEEDED]
    assert world.statuses(execution) == [Status.FAILED]
    assert "the secret SSH_KEY may not be sent to its destination" in error_of(world, execution)
    assert sshd_proxy.seen == 0


def test_a_key_that_is_not_declared_for_ssh_is_not_used(world: CoreWorld, ordinary_sshd: Sshd) -> None:
    equip(world, SSH_KEY=ordinary_sshd.key)
    execution = world.begin(ssh(ordinary_sshd, "true"))
    restrict(world, ordinary_sshd.key, hosts=["127.0.0.1"], types=["shell"])
    world.work()
    assert world.statuses(execution) == [Status.FAILED]
    assert "A step of type ssh may not use the secret SSH_KEY" in error_of(world, execution)


def test_a_worker_whose_lease_is_over_sends_no_command(world: CoreWorld, ordinary_sshd: Sshd) -> None:
    """It was paused between the commit and the call."""
    equip(world, SSH_KEY=ordinary_sshd.key)
    token = CancelToken()
    token.held_until = 0.0
    runner = world.executor._ports.ssh
    assert runner is not None
    host = SshHost(
        "127.0.0.1", ordinary_sshd.port, ordinary_sshd.user, ordinary_sshd.known_hosts, ordinary_sshd.key
    )
    with pytest.raises(NotSent, match="lease lost"):
        runner.run(RemoteCommand(host, ["touch", "/tmp/never"]), timedelta(seconds=5), token)


def test_sudo_runs_the_command_as_another_user(world: CoreWorld, sshd: Sshd) -> None:
    """Root may; where a password would be asked for, it fails at once."""
    equip(world, SSH_KEY=sshd.key)
    account = ordinary_account().pw_name
    execution = run(world, ssh(sshd, "id", "-un", sudo=account))
    output = output_of(world, execution)
    if sshd.user == "root":
        assert output["stdout"] == f"{account}\n"
    else:
        assert output["stdout"] == f"{account}\n" or "sudo" in str(output["stderr"])
