import pytest

from slack_sandbox.web_api.registry import FAMILIES, build_registry


def test_a_method_defined_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="defined twice: auth.test"):
        build_registry((*FAMILIES, {"auth.test": FAMILIES[0]["auth.test"]}))
