"""What a page of the library tells after a form was sent."""

from collections.abc import Mapping

from bot.pages.access.readers import Visit

SAID: Mapping[str, str] = {
    "saved": "You saved a new version. It is a draft until somebody else approves it.",
    "same": "Nothing was saved: the newest version already says this.",
    "approved": "You approved this version.",
}


def said_to(visit: Visit) -> str:
    return SAID.get(visit.request.query_params.get("said", ""), "")
