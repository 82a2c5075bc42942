"""`/problems/{code}`: the explanation of an error code, to which a problem's `type` leads."""

from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from bot.pages.rendering import Pages
from core.error_codes import ErrorCode
from core.errors import NotFound


@dataclass(frozen=True)
class ProblemPage:
    """Serves the page of a code to anybody; it reveals no stored data."""

    pages: Pages

    async def answer(self, request: Request) -> Response:
        """Return the page. Async, because it waits for nothing. Raises NotFound for an unknown code."""
        code = ErrorCode.named(request.path_params["code"])
        if code is None:
            raise NotFound("There is no such code.", hint="The page of a code is at /problems/CODE.")
        return self.pages.page("problem.html", HTTPStatus.OK, code=code)
