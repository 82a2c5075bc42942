"""Commands of `ssh` steps: rendered, run on another machine, and judged by `expect`."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from core.definitions.templates import render_text
from core.effects.calls import Judged
from core.effects.commands import LIMIT, STEP_KEY, SUCCESS, Arguments, judge_result, render_arguments
from core.errors import ConfigurationError, InvalidInput, RunbookError
from core.execution.preparation import Context, Outside
from core.io.http import NoAnswer, NotSent
from core.io.outside_calls import Refused
from core.io.remote import RemoteCommand, RemoteResult, SshHost
from core.values.execution import Failed, Json, StepResult, Uncertain

NOT_INSTALLED = "Steps of type ssh need a library that is not installed here."
MOST_KNOWN_HOSTS = 1_000_000  # characters


class HostDefinition(Protocol):
    """The fields of a host: the step's own, or its `jump`."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def user(self) -> str | None: ...
    @property
    def known_hosts(self) -> str | None: ...
    @property
    def key(self) -> str | None: ...
    @property
    def password(self) -> str | None: ...


class RemoteDefinition(HostDefinition, Arguments, Judged, Protocol):
    """The fields of the `ssh` step."""

    @property
    def jump(self) -> HostDefinition | None: ...
    @property
    def sudo(self) -> bool | str: ...
    @property
    def terminal(self) -> bool: ...
    @property
    def stdin(self) -> str | None: ...


@dataclass(frozen=True)
class _Jump:
    """A jump host, with what it takes over from the step."""

    host: str
    port: int
    user: str | None
    known_hosts: str | None
    key: str | None
    password: str | None


def prepare_remote_command(definition: RemoteDefinition, context: Context) -> Outside:
    """Return the command, ready to run. Raises RunbookError if it cannot be rendered or no library is installed."""
    runner = context.ports.ssh
    if runner is None:
        raise ConfigurationError(NOT_INSTALLED, hint="Install runbook[ssh] for the workers.")
    command = _command(definition, context)
    limit = definition.timeout or LIMIT

    def act(stop: threading.Event) -> StepResult:
        try:
            return _judge(definition, runner.run(command, limit, stop), context)
        except NoAnswer as error:
            return Uncertain(context.masker.mask(str(error)))
        except (NotSent, RunbookError) as error:
            is_final = isinstance(error, Refused | RunbookError)
            return Failed(context.masker.mask(str(error)), final=is_final)

    return Outside(context.masker.mask_value(_shown(definition, context)), act)


def _command(definition: RemoteDefinition, context: Context) -> RemoteCommand:
    """Render the command. The jump host gets none of the target's secrets, and the target none of the jump host's."""
    argv = render_arguments(definition, context.scope)
    stdin = render_text(definition.stdin or "", context.scope, ("stdin",)).encode()
    target = _host(definition, context, ())
    jump = _host(_completed(definition), context.apart(), ("jump",)) if definition.jump else None
    return RemoteCommand(
        target,
        argv,
        jump,
        sudo="root" if definition.sudo is True else definition.sudo or None,
        terminal=definition.terminal,
        stdin=stdin,
        environment={STEP_KEY: context.key},
        mask=context.masker,
    )


def _completed(definition: RemoteDefinition) -> HostDefinition:
    """Return the jump host; what it does not say is as for the step."""
    jump = definition.jump
    assert jump is not None
    has_own = jump.key is not None or jump.password is not None
    credentials = jump if has_own else definition
    return _Jump(
        jump.host,
        jump.port,
        jump.user or definition.user,
        jump.known_hosts or definition.known_hosts,
        credentials.key,
        credentials.password,
    )


def _host(definition: HostDefinition, context: Context, path: tuple[str, ...]) -> SshHost:
    scope = context.scope

    def rendered(name: str, text: str | None) -> str | None:
        return render_text(text, scope, (*path, name)) if text is not None else None

    known_hosts = rendered("known_hosts", definition.known_hosts) or ""
    if len(known_hosts) > MOST_KNOWN_HOSTS:
        raise InvalidInput("known_hosts is too long.", hint="Keep the lines of the hosts that are needed.")
    return SshHost(
        host=_plain("host", rendered("host", definition.host)),
        port=definition.port,
        user=_plain("user", rendered("user", definition.user)),
        known_hosts=known_hosts,
        key=rendered("key", definition.key),
        password=rendered("password", definition.password),
        carried=context.carried,
    )


def _plain(field: str, value: str | None) -> str:
    """Return the value. Raises InvalidInput if it is empty or has characters that no such name has."""
    if not value or not value.isprintable() or " " in value:
        raise InvalidInput(f"{field}: {value!r} is not the name of a {field}.")
    return value


def _shown(definition: RemoteDefinition, context: Context) -> Json:
    """Return the command as people may see it, with each secret replaced by its name."""
    scope = context.shown_scope
    shown: dict[str, Json] = {
        **_shown_host(definition, scope, ()),
        "argv": list(render_arguments(definition, scope)),
        "key": context.key,
    }
    if definition.jump:
        shown["jump"] = _shown_host(_completed(definition), scope, ("jump",))
    if definition.sudo:
        shown["sudo"] = definition.sudo
    if definition.terminal:
        shown["terminal"] = True
    if definition.stdin is not None:
        shown["stdin"] = render_text(definition.stdin, scope, ("stdin",))
    return shown


def _shown_host(
    definition: HostDefinition, scope: Mapping[str, object], path: tuple[str, ...]
) -> dict[str, Json]:
    """Return the host as `user@host:port`, how it proves its identity, and how we log in."""
    host = render_text(definition.host, scope, (*path, "host"))
    user = render_text(definition.user or "", scope, (*path, "user"))
    given = {"known_hosts": definition.known_hosts, "private_key": definition.key}
    given["password"] = definition.password
    rendered: dict[str, Json] = {
        name: render_text(text, scope, (*path, name)) for name, text in given.items() if text is not None
    }
    return {"host": f"{user}@{host}:{definition.port}", **rendered}


def _judge(definition: RemoteDefinition, result: RemoteResult, context: Context) -> StepResult:
    """Return the step's result. Expressions see the masked output, so they cannot probe for a secret."""
    masker = context.masker
    seen: dict[str, Json] = {
        "exit_code": result.exit_code,
        "stdout": result.stdout,
        "stderr": result.stderr,
    }
    if result.lingers:
        seen["lingers"] = True
    output = masker.mask_value(seen)
    assert isinstance(output, dict)
    if result.ended != "exit":
        return Uncertain(_cut_short(definition, result), output)
    try:
        scope = {**context.scope, "result": output}
        return judge_result(definition.expect or SUCCESS, definition.save, scope, output, context)
    except RunbookError as error:
        return Failed(masker.mask(str(error)), output)


def _cut_short(definition: RemoteDefinition, result: RemoteResult) -> str:
    """Return what is known of a command that did not come to its own end: it may have done half its work."""
    if result.ended == "lost":
        return "The connection was lost while the command ran. It may still be running."
    said = f"The command was stopped: {result.ended}."
    if result.is_over:
        return f"{said} The host confirmed that it has ended."
    if definition.terminal:
        return f"{said} Its terminal was closed, which ends most programs, but the host did not confirm it."
    return f"{said} The host did not confirm that it has ended: it may still be running."
