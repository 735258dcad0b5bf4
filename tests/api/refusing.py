"""Calls that have to be refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ddns.api.errors import ApiError
from tests.house import House


def refused(house: House, kind: type[ApiError], operation: str, /, **arguments: Any) -> str:
    """Return the message of a refusal, which must have changed nothing."""
    return _refused(house, kind, lambda: house.api(operation, **arguments))


def refused_to(
    house: House, account: str, kind: type[ApiError], operation: str, /, **arguments: Any
) -> str:
    """As :func:`refused`, called by a person."""
    return _refused(house, kind, lambda: house.person(account, operation, **arguments))


def _refused(house: House, kind: type[ApiError], call: Callable[[], Any]) -> str:
    before = _everything(house)
    with pytest.raises(ApiError) as raised:
        call()
    assert type(raised.value) is kind, raised.value
    assert _everything(house) == before
    assert "\n" not in str(raised.value)
    return str(raised.value)


def _everything(house: House) -> list[Any]:
    lists = ("account_list", "host_list", "zone_list", "key_list")
    return [house.on_disk(), house.in_memory(), *(house.api(operation) for operation in lists)]
