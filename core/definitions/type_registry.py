"""Finding the types of steps and actions, and saying what is wrong with one.

A mistake in the file of a step or action type, told in three lines: which file, which class, what is wrong.

Finding the classes of a registry: the modules of a package, and the entry points of third parties.

A union of models that a registry finds, chosen by their `type`, and built when it is first needed.
"""

import ast
import importlib
import inspect
import pkgutil
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from core.errors import ConfigurationError

LONGEST_REASON = 300  # characters
NO_FILE = ""


def import_type_file(name: str) -> ModuleType:
    """Import a module that has types. Raises ConfigurationError for whatever is wrong with it."""
    try:
        return importlib.import_module(name)
    except Exception as error:  # noqa: BLE001 whatever the author of the file did
        raise mistake(name, error) from None


@contextmanager
def mistakes_of(model: type[BaseModel]) -> Iterator[None]:
    """What is raised while the model is built is its author's mistake. Raises ConfigurationError in its place."""
    try:
        yield
    except ConfigurationError:
        raise
    except Exception as error:  # noqa: BLE001 as above
        file = inspect.getsourcefile(model) or model.__module__
        raise _told(file, f"class {model.__name__}", error) from None


def mistake(name: str, error: Exception) -> ConfigurationError:
    """Return what a module's import raised, as it is told. `name`: of the module, or of the entry point."""
    file, line = _place(error)
    return _told(f"{file}, line {line}" if file else name, _class_at(file, line), error)


def _told(where: str, class_: str, error: Exception) -> ConfigurationError:
    """Three lines."""
    said = " ".join(str(error).splitlines()[:1])[:LONGEST_REASON]
    return ConfigurationError(
        f"A type cannot be used.\n  {where}: {class_}\n  {type(error).__name__}: {said}"
    )


def _place(error: Exception) -> tuple[str, int]:
    """The last place outside of libraries and of ourselves; of a file that is no Python, where that begins."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno or 1
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [each for each in frames if not _is_of_others(each.filename)]
    return (theirs[-1].filename, theirs[-1].lineno or 1) if theirs else (NO_FILE, 1)


def _is_of_others(filename: str) -> bool:
    is_library = any(f"{package}/" in filename for package in ("pydantic", "pydantic_core", "importlib"))
    return is_library or filename.startswith("<") or filename == __file__


def _class_at(file: str, line: int) -> str:
    """`class DnsStep`; where the line is in none, so it is said."""
    try:
        tree = ast.parse(Path(file).read_text("utf-8"))
    except (OSError, SyntaxError, ValueError):
        return "not in a class that can be read"
    around = [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return f"class {around[-1]}" if around else "in no class"


PORTS = (None, "http", "processes")  # what a type may say of how it acts
Model = TypeVar("Model", bound=BaseModel)


def discover(package: str, group: str, base: type[Model]) -> Mapping[str, type[Model]]:
    """Return the sub-classes of `base` by their `type`: of every module of `package`, then of entry points `group`.

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
    """Return what `type: Literal["…"]` of a model says; raises ConfigurationError where it does not."""
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


@dataclass(frozen=True)
class RegisteredUnion:
    """Annotation of a field: whichever of the registered models has the value's `type`.

    pydantic asks for the schema when a model of `defer_build=True` is first used, so nothing is discovered
    while modules are being imported.
    """

    discover: Callable[[], Mapping[str, type[BaseModel]]]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of a union tagged by `type`. Raises ConfigurationError for a model that cannot be built."""
        choices = {}
        for name, model in self.discover().items():
            with mistakes_of(model):
                choices[name] = handler.generate_schema(model)
        return core_schema.tagged_union_schema(choices, discriminator="type")
