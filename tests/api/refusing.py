"""Calls that are refused."""

from __future__ import annotations

from typing import Any

import pytest

from ddns.api.errors import ApiError
from tests.house import House


def refused(house: House, kind: type[ApiError], operation: str, /, **arguments: Any) -> str:
    """The words of a refusal; whatever it was, it has changed nothing."""
    before = house.on_disk(), house.in_memory(), house.api("account_list"), house.api("host_list")
    with pytest.raises(ApiError) as raised:
        house.api(operation, **arguments)
    assert type(raised.value) is kind
    after = house.on_disk(), house.in_memory(), house.api("account_list"), house.api("host_list")
    assert before == after
    assert "\n" not in str(raised.value)
    return str(raised.value)
