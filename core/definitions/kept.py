"""Definitions that were kept, read again: what was valid once need not be. Types go, checks become stricter."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from core.definitions.documents import Document
from core.definitions.problems import Problem
from core.definitions.pydantic_problems import problems_of
from core.definitions.runbook import RunbookDefinition
from core.definitions.workflow import WorkflowDefinition
from core.errors import Conflict

Kept = TypeVar("Kept", RunbookDefinition, WorkflowDefinition)


class NotValidAnyMore(Conflict):
    """A definition that was kept is not valid any more.

    The sentence is for who asks for it; `cannot_be_read` tells of it those who did not.
    """

    def __init__(self, name: str, version: int, problem: Problem) -> None:
        where = f"{problem.field or 'its top'}: {problem.message}"
        super().__init__(f"Version {version} of {name} is not valid any more, at {where}", hint=problem.hint)
        self.cannot_be_read = (
            f"Version {version} of {name} cannot be read by this version of the service, at {where}"
        )


def read_kept(model: type[Kept], name: str, version: int, document: Mapping[str, object]) -> Kept:
    """The definition of a document that was kept. Raises NotValidAnyMore."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        whole = Document(dict(document), name, text="", places={(): (1, 1)}, key_places={}, spans={})
        raise NotValidAnyMore(name, version, problems_of(error, model, whole)[0]) from error
