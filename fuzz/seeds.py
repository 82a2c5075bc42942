"""The first input of each parser (fuzz.parsers). Apart from them, since importing those instruments everything."""

from collections.abc import Mapping

SEEDS: Mapping[str, bytes] = {
    "document": b"kind: runbook\nname: a\nsteps: [{id: s, type: message, text: '{{ incident.title }}', if: 'true'}]\n",
    "aliases": b"a: &a {b: &b [c, d], <<: {e: f}}\nb: [*a, *b]\nc: {<<: [*a, {b: *b}], e: 1}\nd: &d {<<: *a}\n",
    "json": b'{"a": [1, "\\u0041", {"b": null}, -1.5e3]}',
    "alert": b'\x00{"action": "created", "data": {"issue": {"id": "1", "title": "x"}}}',
    "expression": b'params.list.map(x, x + 1).size() > 3 && incident.title.split(",").exists(y, y.matches("^a+$"))',
    "template": b'Hello {{ incident.title.replace("a", "b") }} and {{ params.list }}',
    "schema": b'{"type": "object", "properties": {"a": {"type": "array", "items": {"pattern": "^(a+)+$"}}}}',
    "words": b'a=[1,2] b=3 c=\'{"x": 1}\' "two words"',
    "duration": b"1h30m",
    "statement": b"SELECT /* all */ '%%' FROM t WHERE id = %(id)s AND pg_notify('a', %(id)s) = 1 -- end",
    "known_hosts": b"|1|AAAA|AAAA ssh-rsa AAAA\n[*.example]:2222,!d? ssh-dss AAAA\n@revoked * ssh-rsa AAAA",
    "database_url": b"postgresql://user:p%40ss@db.example:5432/orders?sslmode=verify-full",
    "kubeconfig": b"clusters: [{name: c, cluster: {server: 'https://c.example', certificate-authority-data: QQ==}}]\n"
    b"users: [{name: u, user: {token: t}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n",
    "cursor": b"MjAyNi0wMS0wMVQwMDowMDowMCswMDowMCBpbmNfMQ",
}
