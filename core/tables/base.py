"""The base class and column types of all tables."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import DateTime, MetaData, Text
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

JsonObject = dict[str, Any]  # a JSONB value; its shape is documented at the column


# Documents written by people keep their key order, which JSONB does not.
Written = Annotated[JsonObject, mapped_column(JSON(none_as_null=True))]


class Base(DeclarativeBase):
    """Text without a length limit, timestamps with time zones, JSON as JSONB."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {
        str: Text(),
        datetime: DateTime(timezone=True),
        JsonObject: JSONB(none_as_null=True),
        list[Any]: JSONB(none_as_null=True),
    }
