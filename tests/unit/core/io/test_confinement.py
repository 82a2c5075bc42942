"""Confinement: as which user, under which wrapper, and which programs may run."""

import os
import resource
import stat
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import ConfigurationError, NotAllowed
from core.io.confinement import NEEDED, Account, Confinement, Programs, may_become
from core.io.process import Command, ProcessResult, ProcessRunner

PATH = "/usr/bin:/bin"


def run(confinement: Confinement, *argv: str, **environment: str) -> ProcessResult:
    command = Command(argv, environment)
    return ProcessRunner(PATH, confinement).run(command, timedelta(seconds=20), threading.Event())


def only(*entries: str) -> Confinement:
    return Confinement(programs=Programs.parse(entries))


# The list of programs --------------------------------------------------------------------------------


def program_in(folder: Path, name: str = "tool") -> Path:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text("#!/bin/sh\necho ran\n")
    program.chmod(0o755)
    return program


def test_a_listed_program_runs_by_its_name_and_by_its_path() -> None:
    assert run(only("/usr/bin/env"), "env").exit_code == 0
    assert run(only("/usr/bin/env"), "/usr/bin/env").exit_code == 0


@pytest.mark.parametrize("name", ["sh", "/bin/sh", "no-such-program", "./sh", "../bin/sh"])
def test_any_other_is_refused(name: str) -> None:
    with pytest.raises(NotAllowed, match="RUNBOOK_SHELL_PROGRAMS lists the allowed programs: /usr/bin/env"):
        run(only("/usr/bin/env"), name)


def test_a_folder_means_what_really_lies_in_it(tmp_path: Path) -> None:
    program, link = program_in(tmp_path / "tools"), tmp_path / "tools" / "link"
    link.symlink_to("/bin/sh")

    assert run(only(f"{tmp_path}/tools/"), str(program)).stdout == "ran\n"
    for name in (str(link), f"{tmp_path}/tools/../../../bin/sh", str(program_in(tmp_path / "tools2"))):
        with pytest.raises(NotAllowed):
            run(only(f"{tmp_path}/tools/"), name)


def test_a_link_on_the_list_means_where_it_leads(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(program_in(tmp_path / "tools"))

    assert run(only(str(link)), str(tmp_path / "tools" / "tool")).stdout == "ran\n"


def test_a_steps_own_path_leads_to_no_other_program(tmp_path: Path) -> None:
    program_in(tmp_path / "mine", "env")
    with pytest.raises(NotAllowed):
        run(only("/usr/bin/env"), "env", PATH=str(tmp_path / "mine"))


@pytest.mark.parametrize(
    "name", ["LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "PYTHONSTARTUP", "PERL5OPT", "NODE_OPTIONS"]
)
def test_no_variable_has_a_listed_program_run_something_else(name: str) -> None:
    with pytest.raises(NotAllowed, match=f"may not set {name} here"):
        run(only("/usr/bin/env"), "env", **{name: "/tmp/mine"})


def test_a_list_of_relative_paths_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="not an absolute path"):
        Programs.parse(["env"])


# The wrapper -----------------------------------------------------------------------------------------


def test_a_wrapper_is_run_with_the_command_behind_its_arguments() -> None:
    assert run(
        Confinement(wrapper=("/usr/bin/env", "MARK=1", "sh", "-c", 'echo "$MARK $*"', "sh")), "a", "b c"
    ).stdout == ("1 a b c\n")


def test_what_a_step_sets_does_not_reach_the_guard_nor_the_loader_of_a_wrapper() -> None:
    """The guard runs as the worker's user, and so would anything that a definition made it load."""
    said = run(Confinement(), "true", LD_DEBUG="files").stderr
    assert "initialize program: true" in said
    assert "python" not in said
    with pytest.raises(NotAllowed, match="may not set LD_PRELOAD"):
        run(Confinement(wrapper=("/usr/bin/env",)), "true", LD_PRELOAD="/tmp/mine.so")


def test_only_a_wrapper_that_is_set_user_id_may_gain_privileges(tmp_path: Path) -> None:
    program = program_in(tmp_path)
    wrapped = Confinement(wrapper=(str(program),))
    before = wrapped.forbids_privileges
    program.chmod(0o755 | stat.S_ISUID)

    assert (before, wrapped.forbids_privileges, Confinement().forbids_privileges) == (True, False, True)


# The user --------------------------------------------------------------------------------------------


def test_an_account_is_known_by_name_or_by_numbers() -> None:
    assert Account.named("root").uid == 0
    assert Account.named("65533") == Account("65533", 65533, (65533,))
    assert Account.named("65533:12") == Account("65533:12", 65533, (12,))
    with pytest.raises(ConfigurationError, match="this machine has no such user"):
        Account.named("nobody-of-that-name")


def status(uid: int, able: int) -> str:
    return f"Name:\tx\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nCapEff:\t{able:016x}\nCapAmb:\t{able:016x}\n"


def test_who_may_become_another_user() -> None:
    enough = sum(1 << number for number in NEEDED.values())
    assert may_become(1000, status(1000, 0))
    assert may_become(1000, status(0, enough))
    assert may_become(1000, status(1001, enough))
    assert not may_become(1000, status(1001, 0))
    for number in NEEDED.values():
        assert not may_become(1000, status(0, enough & ~(1 << number)))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_command_of_another_user_is_ended_with_all_that_it_started() -> None:
    confinement = Confinement(Account.named("65533"))
    command = Command(["sh", "-c", "setsid sleep 1000 & sleep 1000"])
    result = ProcessRunner(PATH, confinement).run(command, timedelta(seconds=1), threading.Event())

    assert result.ended == "timeout"


def test_an_argument_with_a_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="zero"):
        run(Confinement(), "echo", "a\0b")


@pytest.fixture
def cores() -> Iterator[None]:
    """Let this process leave core dumps, up to its hard limit."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, before)


@pytest.mark.usefixtures("cores")
def test_a_command_is_private_and_has_no_more_rights_than_it_began_with() -> None:
    seen = run(
        Confinement(), "sh", "-c", "umask; ulimit -c; grep NoNewPrivs /proc/self/status; pwd"
    ).stdout.splitlines()

    assert seen[:2] == ["0077", "0"]
    assert seen[2].split() == ["NoNewPrivs:", "1"]
    assert not Path(seen[3]).exists()
