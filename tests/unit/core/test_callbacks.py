"""Signed callback URLs."""

import pytest

from core.callbacks import CallbackLinks
from core.errors import ConfigurationError, NotFound

LINKS = CallbackLinks("https://runbooks.example/", "the secret")


def test_an_address_leads_back_to_its_step() -> None:
    url = LINKS.urls("rbx_1", ["done"])["done"]

    assert url.startswith("https://runbooks.example/api/callbacks/rbx_1.done.")
    assert LINKS.read(url.rpartition("/")[2]) == ("rbx_1", "done")


@pytest.mark.parametrize(
    "token", ["", "x", "rbx_1.done", "rbx_1.done.", "rbx_1.done.ü", "rbx_1.other.{}", "rbx_2.done.{}"]
)
def test_a_token_that_we_did_not_sign_is_not_found(token: str) -> None:
    signature = LINKS.token("rbx_1", "done").rpartition(".")[2]
    with pytest.raises(NotFound):
        LINKS.read(token.format(signature))


def test_addresses_of_earlier_releases_stay_good() -> None:
    token = "rbx_1.done.4taf-KQpOCu1F208SYIH_mloJEk1FIoL3X1-1P35-gY"
    assert LINKS.read(token) == ("rbx_1", "done")
    assert LINKS.token("rbx_1", "done") == token


def test_without_a_secret_nothing_is_signed() -> None:
    unsigned = CallbackLinks("https://runbooks.example", "")
    with pytest.raises(NotFound):
        unsigned.read(unsigned.token("rbx_1", "done"))


@pytest.mark.parametrize(
    ("links", "missing"),
    [(CallbackLinks("", "s"), "PUBLIC_URL"), (CallbackLinks("https://x", ""), "SLACK_SIGNING_SECRET")],
)
def test_where_nobody_could_call_back_the_setting_is_named(links: CallbackLinks, missing: str) -> None:
    assert links.urls("rbx_1", []) == {}
    with pytest.raises(ConfigurationError, match=f"{missing} is not set"):
        links.urls("rbx_1", ["done"])
