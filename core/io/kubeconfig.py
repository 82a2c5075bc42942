"""The credentials in a kubeconfig (https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/).

Only what the file itself contains is used. It may name no program (`exec`, `auth-provider`), since that would run on
the worker, and no file of the worker's machine, which nobody has declared as a secret.

This module is imported only by processes that act.
"""

import base64
from collections.abc import Mapping
from typing import NoReturn

from core.definitions.documents import Bounds
from core.definitions.sources import load_documents
from core.errors import DefinitionError, InvalidInput
from core.io.tls import Access, Tls

BOUNDS = Bounds(size=524_288, nodes=20_000, work=1)
# Described in other words, since each line of a secret is masked in what is shown.
PROGRAMS = {"exec": "exec", "auth-provider": "a provider of authentication"}
FILES = {
    "certificate-authority": "of the cluster's CA",
    "client-certificate": "of the client's certificate",
    "client-key": "of the client's private key",
    "tokenFile": "of the token",
}
UNSUPPORTED = (
    "username",
    "password",
    "as",
    "as-uid",
    "as-groups",
    "as-user-extra",
    "proxy-url",
    "tls-server-name",
)
INSECURE = "insecure-skip-tls-verify"


def access_from(text: str, server: str, context: str | None, *, insecure: bool) -> Access:
    """Return the access to the server that the kubeconfig describes, by its `context` or the only one for it.

    `insecure`: whether the step allows to skip the check of the server's certificate. Raises InvalidInput; the message
    has nothing of the file but names of its keys.
    """
    config = _read(text)
    cluster, user = _chosen(config, server, context)
    for part in (cluster, user):
        _refuse_what_reaches_out(part)
    if cluster.get(INSECURE) is True and not insecure:
        _refuse(
            f"The kubeconfig says {INSECURE}, so anybody could answer in the server's place.",
            "Put the cluster's authority into it, or say insecure_skip_tls_verify: true in the step.",
        )
    tls = Tls(
        _decoded(cluster, "certificate-authority-data"),
        _decoded(user, "client-certificate-data"),
        _decoded(user, "client-key-data"),
        verifies=not insecure,
    )
    token = user.get("token")
    return Access(tls, token.strip() if isinstance(token, str) else None)


def _read(text: str) -> Mapping[str, object]:
    try:
        (document,) = load_documents(text, file="kubeconfig", bounds=BOUNDS)
    except (DefinitionError, ValueError):
        raise InvalidInput("The secret of kubeconfig is not one YAML document.", field="kubeconfig") from None
    return document.data


def _chosen(
    config: Mapping[str, object], server: str, name: str | None
) -> tuple[Mapping[str, object], Mapping[str, object]]:
    """Return the cluster and the user of the context."""
    clusters, users = _named(config, "clusters", "cluster"), _named(config, "users", "user")
    contexts = {
        found: (clusters.get(str(each.get("cluster")), {}), users.get(str(each.get("user")), {}))
        for found, each in _named(config, "contexts", "context").items()
    }
    fitting = [
        (cluster, user)
        for found, (cluster, user) in contexts.items()
        if str(cluster.get("server")).rstrip("/") == server and name in (None, found)
    ]
    if not fitting:
        which = "no context" if name is None else "no such context"
        _refuse(f"The kubeconfig has {which} for {server}.", "server must be as in the kubeconfig's cluster.")
    if len(fitting) > 1:
        _refuse(f"The kubeconfig has {len(fitting)} contexts for {server}.", "Choose one by context.")
    return fitting[0]


def _named(config: Mapping[str, object], many: str, one: str) -> dict[str, Mapping[str, object]]:
    listed = config.get(many)
    items = listed if isinstance(listed, list) else []
    return {
        str(item.get("name")): item[one]
        for item in items
        if isinstance(item, dict) and isinstance(item.get(one), dict)
    }


def _refuse_what_reaches_out(part: Mapping[str, object]) -> None:
    for key in part:
        if key in PROGRAMS:
            _refuse(
                f"The kubeconfig gets its credentials from a program ({PROGRAMS[key]}), which is not run here.",
                "Use the token of a service account, or a client certificate.",
            )
        if key in FILES:
            _refuse(
                f"The kubeconfig names the file {FILES[key]}.",
                "Put the file's contents into it: kubectl config view --raw --flatten.",
            )
        if key in UNSUPPORTED:
            _refuse(f"The kubeconfig has {key}, which this step does not support.", "Leave it out.")


def _decoded(part: Mapping[str, object], key: str) -> str | None:
    value = part.get(key)
    if not value:
        return None
    try:
        return base64.b64decode(str(value), validate=True).decode("ascii")
    except ValueError:
        raise InvalidInput(f"{key} in the kubeconfig is not base64 of PEM.", field="kubeconfig") from None


def _refuse(message: str, hint: str) -> NoReturn:
    raise InvalidInput(message, hint=hint, field="kubeconfig")
