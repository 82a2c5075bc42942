"""`/schemas/{kind}`: the JSON Schemas of definitions, from which the editor completes."""

import json
from dataclasses import dataclass
from functools import cache

from starlette.responses import Response

from bot.pages.access.readers import Visit
from core.definitions.kinds import KINDS, schema_of
from core.errors import NotFound


@dataclass(frozen=True)
class SchemaFile:
    def show(self, visit: Visit) -> Response:
        """Return the schema. Raises NotFound for another kind of document."""
        kind = visit.request.path_params["kind"]
        if kind not in KINDS:
            raise NotFound("There is no such kind of document.")
        return Response(_schema(kind), media_type="application/schema+json")


@cache
def _schema(kind: str) -> str:
    return json.dumps(schema_of(kind), ensure_ascii=False)
