"""Steps and kubeconfigs for the played API server."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from textwrap import indent

from tests.servers.certificates import certificates
from tests.systems.kubernetes import Kubernetes
from tests.systems.play import playing

BEARER = "b3arer-of-the-cluster"


@contextmanager
def cluster() -> Iterator[Kubernetes]:
    with playing(Kubernetes(token=BEARER), certificates().server_context()) as play:
        yield play


def kubeconfig(
    url: str, user: Mapping[str, object] | None = None, more: Mapping[str, object] | None = None
) -> str:
    """The kubeconfig of a cluster, as kubectl writes it. `user`: instead of the token; `more`: of the cluster."""
    authority = encoded(certificates().authority.certificate)
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "other",
            "clusters": [
                {
                    "name": "us",
                    "cluster": {"server": url, "certificate-authority-data": authority, **(more or {})},
                },
                {"name": "other", "cluster": {"server": "https://192.0.2.1"}},
            ],
            "users": [{"name": "me", "user": {"token": BEARER} if user is None else user}],
            "contexts": [
                {"name": "other", "context": {"cluster": "other", "user": "me"}},
                {"name": "ours", "context": {"cluster": "us", "user": "me", "namespace": "shop"}},
            ],
        },
        indent=1,
    )


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def step(play: Kubernetes, action: str, target: str, *more: str) -> str:
    lines = indent("\n".join(more), "      ").strip()
    return f"""
    - id: act
      type: kubernetes
      action: {action}
      url: {play.url}
      kubeconfig: "{{{{ secrets.KUBECONFIG }}}}"
      namespace: shop
      target: {target}
      {lines}
    """
