"""The `ssh` step: run a command on another machine."""

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.fields import Definition, PublicText, SavedName, TemplateText
from core.definitions.secrets import whole_secret
from core.definitions.steps import StepDefinition
from core.definitions.templates import placeholders
from core.effects.remote_commands import prepare_remote_command
from core.execution.preparation import Context, Prepared
from core.steps.shell import ResultCondition, ResultExpression, refuse_shell_string

Port = Annotated[int, Field(ge=1, le=65_535, strict=True)]
UNIX_USER = r"^[A-Za-z_][A-Za-z0-9_.-]{0,31}$"


def _refuse_literal(value: object) -> object:
    """Refuse anything but one whole secret: what is written in a definition can be read by everybody."""
    if isinstance(value, str):
        found = placeholders(value)
        if len(found) != 1 or whole_secret(found[0].source) is None or value.strip()[:2] != "{{":
            raise PydanticCustomError("not_a_secret", "Write it as one secret: {example}.", _EXAMPLE)
    return value


def _check_sudo(value: object) -> object:
    if not isinstance(value, bool) and not (isinstance(value, str) and re.match(UNIX_USER, value)):
        raise PydanticCustomError("sudo", "sudo is true, or the name of a user.")
    return value


_EXAMPLE: dict[str, object] = {"example": "{{ secrets.NAME }}"}
Credential = Annotated[TemplateText, BeforeValidator(_refuse_literal)]


def name_of_secret(credential: str) -> str:
    """Return the name of the secret that a credential is, to be shown to people."""
    (found,) = placeholders(credential)
    return whole_secret(found.source) or ""


class JumpHost(Definition):
    """A host through which the target is reached. What is not given is as for the step."""

    host: PublicText
    """The name or address."""
    port: Port = 22
    """The port."""
    user: PublicText | None = None
    """The user to log in as."""
    known_hosts: TemplateText | None = None
    """The public keys that the jump host may have."""
    key: Credential | None = None
    """The private key, as one secret."""
    password: Credential | None = None
    """The password, as one secret."""


class SshStep(StepDefinition):
    """Run a program on another machine. It succeeds if `expect` is true; without `expect`, if the exit code is 0.

    Each argument is quoted for the login shell of the remote user, which must be a POSIX shell (sh, bash, zsh), so that
    no shell interprets it. The host is called only if it proves its identity with a key in `known_hosts`.
    RUNBOOK_EGRESS says which hosts, and which jump hosts, may be called; names are resolved on the worker's machine.

    The environment variable `RUNBOOK_STEP_KEY`, the same for every attempt, is offered to the server, which passes it
    on if its configuration says `AcceptEnv RUNBOOK_STEP_KEY`.

    A secret is used only if its declaration lists the type `ssh`; if it lists hosts, it is sent only to those.

    What it cannot know: if the connection is lost, or the worker dies, after the command was sent, nobody knows whether
    it ran, and it may still be running; then the channel is asked. At its timeout, or when the run is cancelled, the
    command is killed by a signal where the server passes signals on (OpenSSH does, but not to root, nor to what sudo
    runs); with `terminal: true` it is interrupted and loses its terminal, whoever it belongs to. The result says
    whether the host confirmed that it has ended. A program that has moved to a session of its own (a daemon) continues
    in any case; `lingers` in the output says that one still held the command's output when the command had ended.
    """

    acts_through = "ssh"
    example = """
id: restart
type: ssh
host: "{{ params.cluster }}-1.db.internal"
user: deploy
known_hosts: "{{ secrets.KNOWN_HOSTS }}"
key: "{{ secrets.DEPLOY_KEY }}"
jump: {host: bastion.example}
sudo: true
argv: [systemctl, restart, postgresql]
timeout: 2m
"""

    type: Literal["ssh"]
    host: PublicText
    """The name or address of the host."""
    port: Port = 22
    """The port."""
    user: PublicText
    """The user to log in as."""
    known_hosts: TemplateText
    """The public keys that the host may have, in the format of OpenSSH's `known_hosts`: text, or a secret. A host that
    has none of them is not called. `ssh-keyscan HOST` prints them; compare them with the host's own before you trust
    them."""
    key: Credential | None = None
    """The private key to log in with, as one secret: ed25519, ECDSA or RSA, without passphrase."""
    password: Credential | None = None
    """The password to log in with, as one secret. With `key`, it is sent if the host asks for both."""
    jump: JumpHost | None = None
    """A host through which this one is reached."""
    argv: Annotated[tuple[TemplateText, ...], BeforeValidator(refuse_shell_string), Field(min_length=1)]
    """The program and its arguments, one item each. The program must be literal, not `{{ … }}`."""
    allow_options: bool = False
    """Whether an argument that comes from a value may start with `-`. By default such a value is refused unless an
    item `--` precedes it."""
    sudo: Annotated[bool | Annotated[str, Field(pattern=UNIX_USER)], BeforeValidator(_check_sudo)] = False
    """`true`: run it as root, by `sudo -n`; a name: as that user. sudo must not ask for a password."""
    terminal: bool = False
    """Whether the program gets a terminal. Then it also ends when the connection does, unless it ignores that, and
    its standard error is part of `stdout`. It gets no input. Recommended for long commands with `sudo`, or as root."""
    stdin: TemplateText | None = None
    """The text that the program reads from standard input."""
    expect: ResultCondition | None = None
    """The condition for success, over `result.exit_code`, `.stdout` and `.stderr`."""
    save: dict[SavedName, ResultExpression] = {}
    """Values to save from the result. Later steps read them as `steps.ID.saved.NAME`."""

    def prepare(self, context: Context) -> Prepared:
        return prepare_remote_command(self, context)

    @model_validator(mode="after")
    def _check_together(self) -> "SshStep":
        if self.key is None and self.password is None:
            raise PydanticCustomError("no_credential", "Give key or password, as a secret.")
        if self.terminal and self.stdin is not None:
            raise PydanticCustomError("stdin_and_terminal", "A command with a terminal gets no stdin.")
        if placeholders(self.argv[0]):
            raise PydanticCustomError(
                "chosen_program", "argv.0 is the program. Write it literally, so that no value chooses it."
            )
        return self
