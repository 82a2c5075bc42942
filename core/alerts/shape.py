"""Reading a webhook's body as the model of its vendor's shape."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from core.errors import InvalidInput


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
