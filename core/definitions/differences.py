"""What changed between two versions of a document, as a unified diff of their YAML."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from core.definitions.written import in_order_of
from core.definitions.yaml_text import to_yaml


@dataclass(frozen=True)
class Labelled:
    """A version of a document, and how the diff names it."""

    label: str
    document: Mapping[str, object]


def written_new(after: Labelled) -> str:
    """Answer all of a document as a unified diff to nothing."""
    lines = difflib.unified_diff(
        [], to_yaml(after.document).split("\n")[:-1], "nothing", after.label, lineterm=""
    )
    return "".join(f"{line}\n" for line in lines)


def difference(before: Labelled, after: Labelled) -> str:
    """Answer the unified diff; empty where both say the same.

    Keys that only changed their places say nothing, so those of `before` stand where `after` has them.
    """
    old = to_yaml(in_order_of(before.document, after.document)).split("\n")
    new = to_yaml(after.document).split("\n")
    lines = difflib.unified_diff(old[:-1], new[:-1], before.label, after.label, lineterm="")
    return "".join(f"{line}\n" for line in lines)
