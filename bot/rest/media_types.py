"""What a machine sends as, where only JSON is understood: named before the body is blamed."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request

SHOWN = 60  # characters of a header that are repeated


def check_json(request: Request) -> None:
    """Raise the 415 of what says that it is no JSON (RFC 9110, section 15.5.16). What says nothing is taken for it."""
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type in ("", "application/json", "text/json") or media_type.endswith("+json"):
        return
    sentence = (
        f"Send it with the header Content-Type: application/json, not as {media_type[:SHOWN]}"
        f"{CURL if media_type == FORM else ''}."
    )
    raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, sentence)


FORM = "application/x-www-form-urlencoded"
CURL = " (as curl -d does where nothing else is said)"
