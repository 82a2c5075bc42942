"""Whether a workflow is enabled: a document may say it, but it is no part of what is versioned."""

from collections.abc import Mapping
from typing import Any

FIELD = "enabled"
NEIGHBOUR = "trigger"  # every workflow has one; what switches it off is read best right before it


def without_enabled(document: Mapping[str, Any]) -> dict[str, Any]:
    """Answer what is versioned of a workflow's document."""
    return {key: value for key, value in document.items() if key != FIELD}


def with_enabled(document: Mapping[str, Any], enabled: bool) -> dict[str, Any]:
    """Answer the document that says so; one that says so already, if only by silence, stays as it was written."""
    if document.get(FIELD, True) is enabled:
        return dict(document)
    if FIELD in document:
        return {**document, FIELD: enabled}
    told: dict[str, Any] = {}
    for key, value in document.items():
        told |= {FIELD: enabled, key: value} if key == NEIGHBOUR else {key: value}
    return told
