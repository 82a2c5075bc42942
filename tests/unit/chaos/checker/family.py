"""A run with three children, two of them at once, and a finally step; and one that looks, then asks for values."""

from dataclasses import replace
from typing import Any

from chaos.checker.facts import Asked, Call, Entry, Execution, Facts, Input, Step

from .world import at, audit, card, execution, unix

PARENT, LOOKING = "rbx_10", "rbx_20"
CHILDREN = ("rbx_11", "rbx_12", "rbx_13")
BEGUN = (1, 1, 12)  # seconds at which the children begin; each takes ten
URL = "{{ secrets.TARGET }}/ok/1?seconds=0"
INLINE = [{"id": "one", "type": "http", "url": URL}]
EACH = {"id": "each", "type": "runbook", "foreach": '["a", "b", "c"]', "concurrency": 2, "steps": INLINE}
FAMILY = {"steps": [EACH], "finally": [{"id": "put_back", "type": "http", "url": URL}]}
LOOK = {
    "id": "look",
    "type": "http",
    "url": "{{ secrets.TARGET }}/later/1?seconds=0",
    "poll": {"every": "1s"},
}
LOOKS = {"steps": [LOOK, {"id": "which", "type": "input"}]}


def step(
    execution_id: str, position: int, id_: str, type_: str, since: float, until: float, **more: Any
) -> Step:
    done = Step(execution_id, position, id_, type_, "succeeded", 1, at(since), at(until))
    return replace(done, **more)


def child(index: int, **more: Any) -> Execution:
    made = execution(
        CHILDREN[index],
        frozen={"steps": INLINE},
        tag=f"tag-{PARENT}",
        parent=PARENT,
        parent_step="each",
        child_index=index,
        child_name="abc"[index],
        is_inline=True,
        started_at=at(BEGUN[index]),
        finished_at=at(BEGUN[index] + 10),
    )
    return replace(made, **more)


def family() -> Facts:
    """Everything went well."""
    told = [
        {"execution_id": id_, "name": name, "status": "succeeded"}
        for id_, name in zip(CHILDREN, "abc", strict=True)
    ]
    runs = ((PARENT, FAMILY), (LOOKING, LOOKS))
    ones = zip(CHILDREN, BEGUN, strict=True)
    calls = [(f"{id_}.one", begun + 1) for id_, begun in zip(CHILDREN, BEGUN, strict=True)]
    calls += [(f"{PARENT}.put_back", 41)]
    looks = [Call(unix(second), f"{LOOKING}.look", "later", "1", effect=True) for second in (1, 2.1, 3.2)]
    numbers = enumerate((PARENT, *CHILDREN, LOOKING), start=10)
    return Facts(
        executions=[
            *(execution(id_, frozen=frozen, published=frozen, outcome="succeeded") for id_, frozen in runs),
            *(child(index) for index in range(3)),
        ],
        steps=[
            step(PARENT, 0, "each", "runbook", 0, 30, output={"children": told}),
            step(PARENT, 1, "put_back", "http", 40, 45),
            *(step(id_, 0, "one", "http", begun, begun + 10) for id_, begun in ones),
            step(LOOKING, 0, "look", "http", 0, 5),
            step(LOOKING, 1, "which", "input", 5, 9, output={"values": {"note": "n1"}, "by": "<@U0RITA>"}),
        ],
        calls=[*(Call(unix(second), key, "ok", "1", effect=True) for key, second in calls), *looks],
        inputs=[Input("inp_1", LOOKING, 1, "answered", "U0RITA", {"note": "n1"})],
        entries=[Entry("inp_1", "U0RITA", "n1", True), Entry("inp_1", "U0ANNA", "n2", False)],
        audit=[
            *(
                audit(number, "runbook_execution.ended", id_, "system", status="succeeded")
                for number, id_ in numbers
            ),
            audit(1, "runbook_execution.requested", PARENT),
            audit(2, "runbook_execution.requested", LOOKING),
            audit(3, "input.answered", LOOKING, input="inp_1", values={"note": "n1"}),
        ],
        messages=[
            *(
                card(f"{name}.{id_}", "succeeded")
                for id_ in (PARENT, LOOKING)
                for name in ("headline", "outcome")
            ),
            card("input.inp_1"),
        ],
        asked=[Asked(f"tag-{id_}", id_) for id_ in (PARENT, LOOKING)],
    )
