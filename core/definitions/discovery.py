"""Finding the classes of a registry: the modules of a package, and the entry points of third parties."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType, ModuleType
from typing import Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel

from core.definitions.type_mistakes import import_type_file, mistake
from core.errors import ConfigurationError

PORTS = (None, "http", "processes")  # what a type may say of how it acts
Model = TypeVar("Model", bound=BaseModel)


def discover(package: str, group: str, base: type[Model]) -> Mapping[str, type[Model]]:
    """Answer the sub-classes of `base` by their `type`: of every module of `package`, then of entry points `group`.

    Raises ConfigurationError for two classes of one type, and for a class or an entry point that is no such thing.
    """
    found: dict[str, type[Model]] = {}
    for model in (*_of_package(package, base), *_of_entry_points(group, base)):
        name = type_name(model)
        _check_port(model)
        other = found.setdefault(name, model)
        if other is not model:
            raise ConfigurationError(
                f"The type {name!r} is defined twice: by {_where(other)} and by {_where(model)}.",
                hint="Rename one of them, or uninstall the package that brings it.",
            )
    return MappingProxyType(dict(sorted(found.items())))


def type_name(model: type[BaseModel]) -> str:
    """Answer what `type: Literal["…"]` of a model says; raises ConfigurationError where it does not."""
    field = model.model_fields.get("type")
    values = get_args(field.annotation) if field and get_origin(field.annotation) is Literal else ()
    if len(values) != 1:
        raise ConfigurationError(
            f'{_where(model)} does not say its type: it needs a field type: Literal["name"].'
        )
    return str(values[0])


def _check_port(model: type[BaseModel]) -> None:
    port = getattr(model, "acts_through", None)
    if port not in PORTS:
        known = ", ".join(repr(each) for each in PORTS)
        raise ConfigurationError(f"{_where(model)} acts_through {port!r}, and there is {known}.")


def _of_package(package: str, base: type[Model]) -> Iterator[type[Model]]:
    parent = importlib.import_module(package)
    for module in sorted(pkgutil.iter_modules(parent.__path__), key=lambda module: module.name):
        yield from _of_module(import_type_file(f"{package}.{module.name}"), base)


def _of_module(module: ModuleType, base: type[Model]) -> Iterator[type[Model]]:
    for _, value in inspect.getmembers(module, inspect.isclass):
        if issubclass(value, base) and value is not base and value.__module__ == module.__name__:
            yield value


def _of_entry_points(group: str, base: type[Model]) -> Iterator[type[Model]]:
    for entry_point in entry_points(group=group):
        value = _loaded(entry_point)
        if not (inspect.isclass(value) and issubclass(value, base)):
            raise ConfigurationError(
                f"The entry point {entry_point.name!r} of {group} is {value!r}, not a sub-class of {base.__name__}."
            )
        yield value


def _loaded(entry_point: EntryPoint) -> object:
    try:
        return entry_point.load()
    except Exception as error:  # noqa: BLE001 whatever the author of the package did
        raise mistake(f"the entry point {entry_point.name} = {entry_point.value}", error) from None


def _where(model: type[BaseModel]) -> str:
    return f"{model.__module__}.{model.__qualname__}"
