import schemathesis, pytest
from hypothesis import settings, HealthCheck
from tests.acceptance.rest.test_incidents import opened
def test_fuzz(web, responder):
    inc=opened(responder)["id"]
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", web)
    bad=[]
    for r in schema.get_all_operations():
        op=r.ok()
        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @__import__("hypothesis").given(case=op.as_strategy())
        def run(case):
            case.headers = dict(case.headers or {}); case.headers["Authorization"]=responder.headers["Authorization"]
            if "id" in (case.path_parameters or {}) and "incidents" in op.path: case.path_parameters["id"]=inc
            resp=case.call()
            if resp.status_code>=500 or (resp.status_code>=400 and "problem" not in resp.headers["content-type"][0]):
                bad.append((op.label, resp.status_code, resp.text[:200], case.as_curl_command()[:600]))
        try: run()
        except Exception as e: bad.append((op.label, repr(e)[:300]))
        print(op.label, len(bad))
    for b in bad[:30]: print(b)
    assert not bad
