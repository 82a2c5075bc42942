"""Discovery of step and action types: in the modules of a package, and in the entry points of third parties.

A mistake in a type is reported to its author in three lines: the file, the class, and the error. A field can be a union
of all discovered models, built only when it is first used.
"""

import ast
import importlib
import inspect
import pkgutil
import re
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
SENTENCE_END = re.compile(r"(?<!e\.g)(?<!i\.e)\. ")
NO_FILE = ""


def import_type_file(name: str) -> ModuleType:
    """Import a module with types. Raises ConfigurationError for any error in it."""
    try:
        return importlib.import_module(name)
    except Exception as error:  # noqa: BLE001 whatever the author of the file did
        raise mistake(name, error) from None


def first_sentence(model: type[BaseModel]) -> str:
    """Return the first sentence of a type's description: what it does."""
    paragraph = " ".join((model.__doc__ or "").partition("\n\n")[0].split())
    sentence = SENTENCE_END.split(paragraph, maxsplit=1)[0].rstrip(".:")
    return f"{sentence or f'Do what the type {type_name(model)} does'}."


@contextmanager
def _as_configuration_error(model: type[BaseModel]) -> Iterator[None]:
    """Raise ConfigurationError for any error while the model is built: it is a mistake of the type's author."""
    try:
        yield
    except ConfigurationError:
        raise
    except Exception as error:  # noqa: BLE001 as above
        file = inspect.getsourcefile(model) or model.__module__
        raise _type_error(file, f"class {model.__name__}", error) from None


def mistake(name: str, error: Exception) -> ConfigurationError:
    """Return the error for an exception at import. `name`: of the module, or of the entry point."""
    file, line = _place(error)
    return _type_error(f"{file}, line {line}" if file else name, _class_at(file, line), error)


def _type_error(where: str, class_: str, error: Exception) -> ConfigurationError:
    """Return an error with a message of three lines."""
    said = " ".join(str(error).splitlines()[:1])[:LONGEST_REASON]
    return ConfigurationError(
        f"A type cannot be used.\n  {where}: {class_}\n  {type(error).__name__}: {said}"
    )


def _place(error: Exception) -> tuple[str, int]:
    """Return the innermost frame outside libraries and this module; for a SyntaxError, its location."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno or 1
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [each for each in frames if not _is_of_others(each.filename)]
    return (theirs[-1].filename, theirs[-1].lineno or 1) if theirs else (NO_FILE, 1)


def _is_of_others(filename: str) -> bool:
    is_library = any(f"{package}/" in filename for package in ("pydantic", "pydantic_core", "importlib"))
    return is_library or filename.startswith("<") or filename == __file__


def _class_at(file: str, line: int) -> str:
    """Return the class at the line, as in `class DnsStep`; a phrase that says so if there is none."""
    try:
        tree = ast.parse(Path(file).read_text("utf-8"))
    except (OSError, SyntaxError, ValueError):
        return "the class cannot be determined"
    around = [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return f"class {around[-1]}" if around else "outside any class"


PORTS = (None, "http", "processes", "ssh", "sql")  # the values of `acts_through`
Model = TypeVar("Model", bound=BaseModel)


def discover(package: str, group: str, base: type[Model]) -> Mapping[str, type[Model]]:
    """Return the subclasses of `base` by their `type`, from the modules of `package` and the entry points `group`.

    Raises ConfigurationError for two classes of one type, and for a class or an entry point that is not a valid type.
    """
    found: dict[str, type[Model]] = {}
    for model in (*_of_package(package, base), *_of_entry_points(group, base)):
        name = type_name(model)
        _check_port(model)
        _check_fields(model, base)
        other = found.setdefault(name, model)
        if other is not model:
            raise ConfigurationError(
                f"The type {name!r} is defined twice: by {_where(other)} and by {_where(model)}.",
                hint="Rename one of them, or uninstall the package that provides it.",
            )
    return MappingProxyType(dict(sorted(found.items())))


def type_name(model: type[BaseModel]) -> str:
    """Return the name in `type: Literal["…"]` of a model. Raises ConfigurationError if there is none."""
    field = model.model_fields.get("type")
    values = get_args(field.annotation) if field and get_origin(field.annotation) is Literal else ()
    if len(values) != 1:
        raise ConfigurationError(f'{_where(model)} has no type name: add a field type: Literal["name"].')
    return str(values[0])


def _check_port(model: type[BaseModel]) -> None:
    port = getattr(model, "acts_through", None)
    if port not in PORTS:
        known = ", ".join(repr(each) for each in PORTS)
        raise ConfigurationError(f"{_where(model)} has acts_through = {port!r}; it must be one of {known}.")


def _check_fields(model: type[BaseModel], base: type[BaseModel]) -> None:
    """Refuse a field with the name of an attribute of ours: reading one would give the other."""
    for name in model.model_fields.keys() - base.model_fields.keys():
        if hasattr(base, name) and not hasattr(BaseModel, name):
            raise ConfigurationError(
                f"{_where(model)} has a field {name}, which {base.__name__} needs for something else.",
                hint=f'Give it another name, and keep the key of documents: alias="{name}".',
            )


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
                f"The entry point {entry_point.name!r} of {group} is {value!r}, not a subclass of {base.__name__}."
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
    """Annotation of a field whose items may be any registered model, chosen by the value's `type`.

    Pydantic asks for the schema when a model with `defer_build=True` is first used, so nothing is discovered while
    modules are being imported.
    """

    discover: Callable[[], Mapping[str, type[BaseModel]]]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of a union tagged by `type`. Raises ConfigurationError for a model that cannot be built."""
        choices = {}
        for name, model in self.discover().items():
            with _as_configuration_error(model):
                choices[name] = handler.generate_schema(model)
        return core_schema.tagged_union_schema(choices, discriminator="type")
