"""Stored definitions, read back.

What was valid when it was stored may no longer be: types are removed, and checks become stricter.
"""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from core.definitions.documents import Document
from core.definitions.problems import Problem
from core.definitions.pydantic_problems import problems_of
from core.errors import NotRunnable

StoredDefinition = TypeVar("StoredDefinition", bound=BaseModel)


class StoredDefinitionInvalid(NotRunnable):
    """A stored definition is no longer valid.

    The message is for the person who asked for the definition; `cannot_be_read` is the sentence for everybody else.
    """

    def __init__(self, name: str, version: int, problem: Problem) -> None:
        where = f"{problem.field or 'the top level'}: {problem.message}"
        super().__init__(f"Version {version} of {name} is no longer valid, at {where}", hint=problem.hint)
        self.cannot_be_read = (
            f"Version {version} of {name} cannot be read by this version of the service, at {where}"
        )


def read_stored(
    model: type[StoredDefinition], name: str, version: int, document: Mapping[str, object]
) -> StoredDefinition:
    """Return the definition of a stored document. Raises StoredDefinitionInvalid."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        whole = Document(dict(document), name, text="", places={(): (1, 1)}, key_places={}, spans={})
        raise StoredDefinitionInvalid(name, version, problems_of(error, model, whole)[0]) from error
