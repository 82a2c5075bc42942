"""Reading a webhook's body as the model of its vendor's shape."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import InvalidInput


class Shape(BaseModel):
    """A part of a body, with what we read of it; vendors add to theirs whenever they like."""

    model_config = ConfigDict(extra="ignore", frozen=True)


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
