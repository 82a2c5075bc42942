"""Kubeconfigs and TLS: what is chosen, what is refused, and what never asks or shows anything."""

import base64
import json
import ssl
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from core.errors import InvalidInput
from core.io.kubeconfig import access_from
from core.io.tls import Tls
from tests.servers.certificates import certificates

SERVER = "https://c.example:6443"


def config(*contexts: tuple[str, str], cluster: dict[str, Any] | None = None) -> str:
    """A kubeconfig with these contexts, as pairs of a name and a token, all for one server."""
    return json.dumps(
        {
            "clusters": [{"name": "c", "cluster": {"server": SERVER + "/", **(cluster or {})}}],
            "users": [{"name": name, "user": {"token": token}} for name, token in contexts],
            "contexts": [{"name": name, "context": {"cluster": "c", "user": name}} for name, _ in contexts],
        }
    )


def test_the_server_chooses_the_context() -> None:
    assert access_from(config(("a", "1")), SERVER, None, insecure=False).token == "1"


def test_of_several_the_step_chooses_one() -> None:
    both = config(("a", "1"), ("b", "2"))
    with pytest.raises(InvalidInput, match="has 2 contexts"):
        access_from(both, SERVER, None, insecure=False)

    assert access_from(both, SERVER, "b", insecure=False).token == "2"
    with pytest.raises(InvalidInput, match="no such context"):
        access_from(both, SERVER, "c", insecure=False)


def test_skipping_the_check_needs_the_steps_consent() -> None:
    text = config(("a", "1"), cluster={"insecure-skip-tls-verify": True})
    with pytest.raises(InvalidInput, match="anybody could answer"):
        access_from(text, SERVER, None, insecure=False)

    assert not access_from(text, SERVER, None, insecure=True).tls.verifies


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: 1\n---\nb: 2",
        "[1]",
        "\x00",
        "a: " * 100,
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n" + "d: [" + "*c, " * 50_000 + "]",
        "x" * 600_000,
    ],
)
def test_what_is_no_kubeconfig_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(InvalidInput, match="is not one YAML document"):
        access_from(text, SERVER, None, insecure=False)


@pytest.mark.parametrize("data", ["not base64!", base64.b64encode(b"\xff").decode()])
def test_a_certificate_that_is_no_base64_of_text_is_refused(data: str) -> None:
    text = config(("a", "1"), cluster={"certificate-authority-data": data})
    with pytest.raises(InvalidInput, match="is not base64 of PEM"):
        access_from(text, SERVER, None, insecure=False)


def test_a_client_certificate_is_loaded_from_memory() -> None:
    pair = certificates().client
    context = Tls(certificates().authority.certificate, pair.certificate, pair.key).context()

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_key_with_a_passphrase_asks_nobody() -> None:
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"passphrase"),
    )
    with pytest.raises(ValueError, match="cannot be used"):
        Tls(None, certificates().client.certificate, key.decode()).context()


@pytest.mark.parametrize(
    "authority", ["no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_an_authority_that_is_none_is_refused(authority: str) -> None:
    with pytest.raises(ValueError, match="cannot be used"):
        Tls(authority).context()


def test_keys_and_tokens_do_not_show() -> None:
    access = access_from(config(("a", "tok3n-of-the-cluster")), SERVER, None, insecure=False)

    assert "tok3n" not in repr(access)
    assert access.secrets == ("tok3n-of-the-cluster",)
