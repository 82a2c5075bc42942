import pytest

from slack_sandbox.web_api.registry import FAMILIES, build_registry


def test_a_method_defined_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"defined twice: api\.test"):
        build_registry((*FAMILIES, {"api.test": FAMILIES[0]["api.test"]}))
