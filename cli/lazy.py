"""Lazy commands: the module of a command is imported only when the command is used, which keeps startup fast."""

import gc
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, cast

from typer.core import TyperCommand, TyperGroup
from typer.main import get_group


@dataclass(frozen=True)
class Lazy:
    """A command: the module whose Typer app `app` provides it, and the line about it in the list of commands."""

    module: str
    summary: str


def later(module: str, name: str) -> Callable[..., Any]:
    """Return the function of this name in a module that is imported only when the function is called."""

    def call(*given: object) -> Any:
        return getattr(import_module(module), name)(*given)

    return call


class ImportedCommands(Mapping[str, Any]):
    """Commands by name, each imported when it is looked up."""

    def __init__(self, commands: Mapping[str, Lazy]) -> None:
        self._commands = commands

    def __getitem__(self, name: str) -> Any:
        module = import_module(self._commands[name].module)
        _collect_garbage_again()
        return get_group(module.app).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._commands)

    def __len__(self) -> int:
        return len(self._commands)


def _collect_garbage_again() -> None:
    """End what `cli.main.main` began: what has been imported stays, so no collection looks at it again."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


class LazyGroup(TyperGroup):
    """A group of commands that are imported on first use."""

    lazy: ClassVar[Mapping[str, Lazy]]

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = cast(MutableMapping[str, Any], ImportedCommands(self.lazy))

    def invoke(self, ctx: Any) -> Any:
        """Call what the context's `obj` is, if anything, and then the command, which it imports."""
        if ctx.obj is not None:
            ctx.obj()
        return super().invoke(ctx)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 given to whoever asks commands
        """List the commands with their whole summaries, from what is known without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.summary) for name, each in self.lazy.items()])

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        with self._summarised():
            return super().shell_complete(ctx, incomplete)

    @contextmanager
    def _summarised(self) -> Iterator[None]:
        """Have summaries in place of the commands, within the block: importing all of them would take seconds."""
        imported = self.commands
        self.commands = {name: TyperCommand(name, help=each.summary) for name, each in self.lazy.items()}
        try:
            yield
        finally:
            self.commands = imported
