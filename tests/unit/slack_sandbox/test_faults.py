from slack_sandbox.faults import Fault, Faults


def test_a_fault_strikes_as_often_as_it_says() -> None:
    faults = Faults()
    faults.replace([Fault(method="chat.update", kind="status", times=2)])
    struck = [faults.take("chat.update", "C1") is not None for _ in range(3)]
    assert struck == [True, True, False]
    assert faults.left == []


def test_a_fault_spares_other_methods_and_channels() -> None:
    faults = Faults()
    faults.replace([Fault(method="chat.update", kind="status", channel="C1")])
    assert faults.take("chat.postMessage", "C1") is None
    assert faults.take("chat.update", "C2") is None
    assert faults.take("chat.update", "C1") is not None


def test_a_star_concerns_every_method() -> None:
    faults = Faults()
    faults.replace([Fault(kind="ratelimited")])
    assert faults.take("auth.test", "") is not None


def test_skipped_calls_go_well_before_the_fault_strikes() -> None:
    faults = Faults()
    faults.replace([Fault(kind="status", skip=2)])
    assert [faults.take("auth.test", "") is not None for _ in range(4)] == [False, False, True, False]


def test_the_first_fault_that_concerns_a_call_takes_it() -> None:
    faults = Faults()
    faults.replace([Fault(kind="status", method="chat.update"), Fault(kind="ratelimited")])
    taken = [faults.take("chat.update", ""), faults.take("chat.update", "")]
    assert [fault.kind for fault in taken if fault] == ["status", "ratelimited"]
