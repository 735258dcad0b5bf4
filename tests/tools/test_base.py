"""Requests and refusals that the APIs of tools have in common."""

from __future__ import annotations

import pytest

from ddns.model.update import Outcome, Status
from ddns.tools.base import ToolError, ToolRequest, check


def request(body: bytes) -> ToolRequest:
    return ToolRequest("POST", ("a", "b"), {}, {}, None, body, "192.0.2.1", 0.0)


def test_an_object() -> None:
    assert request(b'{"a": [1]}').json_object() == {"a": [1]}
    assert request(b" \n").json_object() == {}
    assert request(b"").shown == "POST /a/b"


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"1", b'{"a": 1, "a": 2}', b"\xff", b"[" * 100_000, b"9" * 5000]
)
def test_what_is_none(body: bytes) -> None:
    with pytest.raises(ToolError) as caught:
        request(body).json_object()
    assert caught.value.status == 400


def test_what_a_refusal_quotes_is_bounded() -> None:
    words = str(ToolError(400, f"{'x' * 100_000!r} is not absolute"))
    assert words.startswith("'xxx")
    assert words.endswith("x' is not absolute")
    assert len(words) < 500


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.NOHOST, 404),
        (Status.NOTYOURS, 403),
        (Status.BADREQUEST, 422),
        (Status.BADADDRESS, 422),
        (Status.BLOCKED, 403),
    ],
)
def test_a_refusal(status: Status, expected: int) -> None:
    with pytest.raises(ToolError, match="because") as caught:
        check(Outcome(status, reason="because"))
    assert (caught.value.status, caught.value.headers) == (expected, ())


def test_what_passes() -> None:
    with pytest.raises(ToolError) as caught:
        check(Outcome(Status.ABUSE, wait=4.2))
    assert (caught.value.status, caught.value.headers) == (429, (("Retry-After", "5"),))
    with pytest.raises(ToolError) as caught:
        check(Outcome(Status.FAILED))
    assert (caught.value.status, caught.value.headers) == (503, (("Retry-After", "60"),))


def test_a_success() -> None:
    check(Outcome())
