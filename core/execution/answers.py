"""What comes back, with secrets hidden before anybody looks at it: neither expressions nor cuts see any."""

from collections.abc import Mapping
from dataclasses import replace

from core.decisions.execution import Json
from core.definitions.masking import Masker
from core.outside.response import HttpResponse


def masked_response(response: HttpResponse, masker: Masker) -> HttpResponse:
    """All of it is searched together: a secret may be split over headers and the body's texts."""
    headers: Json = dict(response.headers)
    seen = masker.mask_value({"headers": headers, "text": response.text, "json": response.json})
    assert isinstance(seen, dict)
    assert isinstance(seen["headers"], dict)
    shown = {name: str(value) for name, value in seen["headers"].items()}
    return replace(response, headers=shown, text=str(seen["text"]), json=seen["json"])


def masked_saved(saved: Mapping[str, Json], masker: Masker) -> Mapping[str, Json]:
    """An expression may have put together what was split; names are the definition's own."""
    hidden = masker.mask_value(dict(saved)) if saved else {}
    assert isinstance(hidden, dict)
    return dict(zip(saved, hidden.values(), strict=True))
