"""The client's way with answers, without a network."""

from collections.abc import Callable

import httpx2
import pytest

from cli.client.connection import Connection, Refused, answer_of
from core.error_codes import ErrorCode
from core.errors import ConfigurationError, Unavailable

URL = "https://runbook.example.com"


def response(status: int, **content: object) -> httpx2.Response:
    return httpx2.Response(status, request=httpx2.Request("GET", f"{URL}/api/x"), **content)  # type: ignore[arg-type]


def problem(code: ErrorCode, detail: str) -> httpx2.Response:
    told = {"type": f"/problems/{code}", "status": code.status, "code": code, "detail": detail}
    return response(code.status, json=told)


def connection(answer: Callable[[httpx2.Request], httpx2.Response]) -> Connection:
    return Connection(URL, "rbt_1", httpx2.MockTransport(answer))


def test_a_problem_becomes_its_sentence_in_one_line() -> None:
    with pytest.raises(Refused, match=r"^count is missing\. Give it\.$"):
        answer_of(problem(ErrorCode.INVALID_INPUT, "count is missing.\nGive it."))


def test_a_bad_token_is_told_with_how_to_get_a_good_one() -> None:
    with pytest.raises(Refused) as refused:
        answer_of(problem(ErrorCode.UNAUTHENTICATED, "A good token is needed."))

    assert "runbook token create" in str(refused.value)


@pytest.mark.parametrize(
    "answer",
    [
        response(502, text="<html>Bad Gateway</html>"),
        response(200, text="<html>Welcome</html>"),
        response(200, json=["a", "list"]),
        response(500, json={"message": "no problem of ours"}),
    ],
)
def test_an_answer_of_something_else_is_told_as_such(answer: httpx2.Response) -> None:
    with pytest.raises(Refused, match="not as the service would"):
        answer_of(answer)


@pytest.mark.parametrize("url", ["runbook.example.com", "ftp://runbook", "", "https://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="no address of the service"):
        Connection(url, "rbt_1")


def test_without_a_token_it_says_how_to_get_one() -> None:
    with pytest.raises(ConfigurationError, match="RUNBOOK_TOKEN is not set") as refused:
        Connection(URL, "")

    assert "runbook token create" in str(refused.value)


def test_a_lost_answer_is_asked_for_again_under_the_same_key() -> None:
    keys: list[str] = []

    def lose_the_first(request: httpx2.Request) -> httpx2.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            raise httpx2.ReadTimeout("lost")
        return httpx2.Response(201, json={"execution": {}})

    with connection(lose_the_first) as client:
        assert client.post("/api/x") == {"execution": {}}
        client.post("/api/x")

    assert len(keys) == 3
    assert keys[0] == keys[1] != keys[2]


def test_answers_that_stay_lost_are_told_as_a_doubt() -> None:
    def lose(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.RemoteProtocolError("gone")

    with connection(lose) as client, pytest.raises(Unavailable, match="may have happened"):
        client.post("/api/x")


def test_where_nothing_listens_it_says_so() -> None:
    with (
        Connection("http://127.0.0.1:9", "rbt_1") as client,
        pytest.raises(Unavailable, match="Nothing answers"),
    ):
        client.get("/api/x")


def test_a_list_is_read_to_its_last_page() -> None:
    one, two, three = ({"id": number} for number in (1, 2, 3))
    pages = {None: ([one, two], "b"), "b": ([three], "c"), "c": ([], None)}

    def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.url.params["status"] == "open"
        items, cursor = pages[request.url.params.get("cursor")]
        return httpx2.Response(200, json={"things": items, "next_cursor": cursor})

    with connection(answer) as client:
        assert list(client.every("/api/things", "things", status="open")) == [one, two, three]
