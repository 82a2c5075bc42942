"""From a row to what its view shows of it."""

from pydantic import BaseModel

from core.tables import Base, JsonObject


def columns(row: Base, view: type[BaseModel]) -> JsonObject:
    """What the view shows as the row has it, under the same name."""
    return {name: getattr(row, name) for name in row.__table__.columns.keys() & view.model_fields.keys()}
