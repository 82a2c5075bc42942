"""A mistake in the file of a step or action type, told in three lines: which file, which class, what is wrong."""

import ast
import importlib
import inspect
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from pydantic import BaseModel

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
    """Answer what a module's import raised, as it is told. `name`: of the module, or of the entry point."""
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
