"""The vendor-independent `Alert`, and the base model for parsing the webhooks of vendors."""

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
    """Base of the parts of a body that we read; anything else that a vendor adds is ignored.

    Null counts as omitted, and a number is accepted as text: a sender does not resend what we reject.
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
SENSIBLE = range(
    2000, 3000
)  # years; a time outside them comes from a machine without a clock, so our time is used instead

# Names and texts, such as labels. Other values are converted to text.
Texts = Annotated[dict[str, str], BeforeValidator(_texts)]
# Pairs of a name and a text or null. Other items are dropped.
Pairs = Annotated[tuple[tuple[str, str | None], ...], BeforeValidator(_pairs)]
# An RFC 3339 timestamp, in UTC if it has no zone; None if it is not a timestamp.
Moment = Annotated[datetime | None, BeforeValidator(_moment)]

AnyShape = TypeVar("AnyShape", bound=Shape)


def read(shape: type[AnyShape], body: object, vendor: str) -> AnyShape:
    """Parse the body as the vendor's model. Raises InvalidInput, naming the first field that does not fit."""
    try:
        return shape.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "body"
        wrong = "is missing" if first["type"] == "missing" else f"is not valid ({first['msg']})"
        raise InvalidInput(
            f"This is not a webhook from {vendor}: {field} {wrong}.",
            hint=f"Is this the URL for {vendor}? docs/alerts.md shows the supported payloads.",
            field=field,
        ) from error


TITLE_LENGTH = 250
DESCRIPTION_LENGTH = 10_000
LABEL_LENGTH = 1_000
MOST_LABELS = 100
NOTE_LENGTH = 1_000
OTHERWISE = Severity.MEDIUM
NO_WORD = re.compile(r"[^a-z0-9]+")

# The words that vendors and their users use for severities, in lower case.
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
    """What the vendor reports about its alert. `changed` updates a known alert and opens nothing."""

    FIRES = "fires"
    CHANGED = "changed"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True)
class Alert:
    """One group of alerts, which corresponds to one incident.

    `key`: the vendor's key, the same when the alert fires again and when it is resolved. `team`: from a label or tag.
    `says_severity`: False if the vendor gave none and `severity` is the default. `note`: further news, as a sentence
    for the timeline. `event`: the vendor's id of this delivery, the same when it is sent again. `occurred_at`: the
    vendor's time of the event, if given.
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
    """Return the severity for the first word that names one; medium if none does."""
    return said_severity(*words) or OTHERWISE


def said_severity(*words: object) -> Severity | None:
    """Return the severity for the first word that names one, or None. `SEV-1` means sev1; `P1 - everything is down`
    means p1.
    """
    known = (_severity_of_word(str(word)) for word in words if word is not None)
    return next((severity for severity in known if severity is not None), None)


def _severity_of_word(word: str) -> Severity | None:
    lower = word[:LABEL_LENGTH].lower()
    first, *_ = NO_WORD.split(lower.strip(), maxsplit=1)
    return SEVERITIES.get(NO_WORD.sub("", lower)) or SEVERITIES.get(first)


def one_title(*texts: str | None) -> str:
    """Return the first non-blank text on one line, cut to the length of a title."""
    said = (" ".join(text.split()) for text in texts if text)
    title = next((text for text in said if text), "An alert without a title")
    return title if len(title) <= TITLE_LENGTH else title[: TITLE_LENGTH - 1] + "…"


def paragraphs(*texts: str | None) -> str:
    """Join the texts that are not blank or repeated, cut to the length of a description."""
    said = list(dict.fromkeys(text.strip() for text in texts if text and text.strip()))
    return "\n\n".join(said)[:DESCRIPTION_LENGTH]


def labels_of(pairs: Iterable[tuple[str, object]]) -> dict[str, str]:
    """Return the pairs as labels of limited number and length; pairs with an empty value are dropped."""
    kept = [
        (name[:100], str(value)[:LABEL_LENGTH]) for name, value in pairs if name and value not in (None, "")
    ]
    return dict(kept[:MOST_LABELS])


def tags_of(tags: Iterable[str]) -> dict[str, str]:
    """Return tags such as `team:database` as labels; tags without a value are dropped."""
    return labels_of((name, value) for name, _, value in (tag.strip().partition(":") for tag in tags))
