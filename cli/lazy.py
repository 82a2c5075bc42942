"""Lazy commands: the module of a command is imported only when the command is used, which keeps startup fast."""

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Any, ClassVar, cast

from typer.core import TyperGroup
from typer.main import get_group


class Modules(Mapping[str, Any]):
    """Commands by name, each taken from the Typer app `app` of the module that provides it."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._modules = modules

    def __getitem__(self, name: str) -> Any:
        return get_group(import_module(self._modules[name]).app).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


class LazyGroup(TyperGroup):
    """A group of commands that are imported on first use; only the help imports all of them."""

    modules: ClassVar[Mapping[str, str]]

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = cast(MutableMapping[str, Any], Modules(self.modules))
