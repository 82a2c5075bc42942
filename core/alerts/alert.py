"""An alert, and reading a webhook's body as the model of its vendor.

Reading a webhook's body as the model of its vendor's shape.

What an alert says, whoever sent it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from core.errors import InvalidInput
from core.statuses import Severity


class Shape(BaseModel):
    """A part of a body, with what we read of it; vendors add to theirs whenever they like.

    What is null is as what is left out, and a number is taken for a text: a sender does not send again what we refuse.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _leave_out_what_is_null(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {name: part for name, part in value.items() if part is not None}


def _texts(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {
        str(name): part if isinstance(part, str) else str(part)
        for name, part in value.items()
        if part is not None
    }


def _pairs(value: Any) -> Any:
    if not isinstance(value, list):
        return ()
    pairs = [tuple(each.values()) if isinstance(each, Mapping) else each for each in value]
    return [pair for pair in pairs if isinstance(pair, (list, tuple)) and len(pair) == PAIR]


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if moment is None or moment.year not in SENSIBLE:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


PAIR = 2
SENSIBLE = range(2000, 3000)  # years: what is told by the clock of a machine that has none is told by ours

# Names and texts, such as labels; what is no text is written as one.
Texts = Annotated[dict[str, str], BeforeValidator(_texts)]
# Pairs of a name and a text, or null; what is none is left out.
Pairs = Annotated[tuple[tuple[str, str | None], ...], BeforeValidator(_pairs)]
# A moment as RFC 3339 writes it, with its zone; None for what is none.
Moment = Annotated[datetime | None, BeforeValidator(_moment)]

AnyShape = TypeVar("AnyShape", bound=Shape)


def read(shape: type[AnyShape], body: object, vendor: str) -> AnyShape:
    """Raises InvalidInput, with what does not fit, for a body that has another shape."""
    try:
        return shape.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "body"
        wrong = "is missing" if first["type"] == "missing" else f"does not fit ({first['msg']})"
        raise InvalidInput(
            f"This is no webhook of {vendor}: {field} {wrong}.",
            hint=f"Is this the address for {vendor}? docs/alerts.md shows what is understood.",
            field=field,
        ) from error


TITLE_LENGTH = 250
DESCRIPTION_LENGTH = 10_000
LABEL_LENGTH = 1_000
MOST_LABELS = 100
NOTE_LENGTH = 1_000
OTHERWISE = Severity.MEDIUM
NO_WORD = re.compile(r"[^a-z0-9]+")

# The words that vendors and their users have for severities, in lower case.
SEVERITIES: Mapping[str, Severity] = {
    **dict.fromkeys(
        ("critical", "crit", "fatal", "emergency", "disaster", "page", "p1", "sev1"), Severity.CRITICAL
    ),
    **dict.fromkeys(("high", "error", "err", "major", "p2", "sev2"), Severity.HIGH),
    **dict.fromkeys(("medium", "warning", "warn", "moderate", "p3", "sev3"), Severity.MEDIUM),
    **dict.fromkeys(("low", "minor", "p4", "sev4"), Severity.LOW),
    **dict.fromkeys(("info", "informational", "debug", "none", "success", "p5", "sev5"), Severity.INFO),
}


class AlertNews(StrEnum):
    """What the vendor tells of its alert: `changed`, for one that we know, opens nothing."""

    FIRES = "fires"
    CHANGED = "changed"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True)
class Alert:
    """One group of alerts, which is one incident.

    `key`: the vendor's own for it, the same when it fires again and when it is resolved. `team`: by a label or tag.
    `says_severity`: False where nothing was said of it, and `severity` is what it is then. `note`: what else is told,
    in a sentence for the timeline. `event`: the vendor's own id for this telling, the same when it is sent again.
    `occurred_at`: when it happened, by the vendor's clock, where it says so.
    """

    key: str
    title: str
    news: AlertNews = AlertNews.FIRES
    severity: Severity = OTHERWISE
    says_severity: bool = True
    description: str = ""
    service: str | None = None
    team: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    event: str = ""
    occurred_at: datetime | None = None

    @property
    def is_resolved(self) -> bool:
        return self.news is AlertNews.RESOLVED


def severity_of(*words: object) -> Severity:
    """By the first word that is one for a severity; medium where none is."""
    return said_severity(*words) or OTHERWISE


def said_severity(*words: object) -> Severity | None:
    """The same, and None where none is. `SEV-1` is sev1, and `P1 - everything is down` is p1."""
    known = (_severity_of_word(str(word)) for word in words if word is not None)
    return next((severity for severity in known if severity is not None), None)


def _severity_of_word(word: str) -> Severity | None:
    lower = word[:LABEL_LENGTH].lower()
    first, *_ = NO_WORD.split(lower.strip(), maxsplit=1)
    return SEVERITIES.get(NO_WORD.sub("", lower)) or SEVERITIES.get(first)


def one_title(*texts: str | None) -> str:
    """The first text that says something, in one line, as long as a title may be."""
    said = (" ".join(text.split()) for text in texts if text)
    title = next((text for text in said if text), "An alert without a title")
    return title if len(title) <= TITLE_LENGTH else title[: TITLE_LENGTH - 1] + "…"


def paragraphs(*texts: str | None) -> str:
    """What is said, without what is empty or said twice, as long as a description may be."""
    said = list(dict.fromkeys(text.strip() for text in texts if text and text.strip()))
    return "\n\n".join(said)[:DESCRIPTION_LENGTH]


def labels_of(pairs: Iterable[tuple[str, object]]) -> dict[str, str]:
    """The pairs as labels: texts, within their limits; an empty value is no label."""
    kept = [
        (name[:100], str(value)[:LABEL_LENGTH]) for name, value in pairs if name and value not in (None, "")
    ]
    return dict(kept[:MOST_LABELS])


def tags_of(tags: Iterable[str]) -> dict[str, str]:
    """`team:database` as a label; a tag without a value is left out."""
    return labels_of((name, value) for name, _, value in (tag.strip().partition(":") for tag in tags))
