"""DonDNS: the transcripts under tests/cases/dondns, its messages, and that nothing a client sends
breaks a document."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ddns.dialects.base import Reply
from ddns.dialects.dondns import DonDNS
from ddns.dialects.dondns_messages import MESSAGES
from ddns.model.account import KeyKind
from ddns.model.update import (
    SUCCESSES,
    TEMPORARY,
    Credentials,
    Outcome,
    Result,
    Status,
    Update,
    change_of,
)
from tests.dialects.playing import Records, cases, check, play, request_of

PATHS = ("/json", "/xml", "/plain")
SUCCESS_WORDS = ("ok", "good", "true", "updated", "success", "nochg")


@pytest.mark.parametrize("case", cases("dondns"))
def test_case(case: dict[str, Any]) -> None:
    check(DonDNS(), case)


def test_there_are_cases() -> None:
    assert len(cases("dondns")) > 60


# Messages --------------------------------------------------------------------------------------


def test_every_status_has_a_message_in_every_language() -> None:
    assert MESSAGES.keys() == set(Status)
    for texts in MESSAGES.values():
        assert texts.keys() == {"es", "en"}
        assert len(set(texts.values())) == 2
        assert all(text == text.strip() and text.endswith(".") for text in texts.values())
        assert not any("\n" in text for text in texts.values())


def test_no_error_reads_like_a_success() -> None:
    for status, texts in MESSAGES.items():
        for text in texts.values():
            found = [word for word in SUCCESS_WORDS if word in text.lower()]
            assert status in SUCCESSES or not found


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("lang", ["es", "en"])
def test_all_forms_say_the_same(status: Status, lang: str) -> None:
    """Nobody who reads only whether it went well is misled by any of them."""
    result = Result(change_of("home.example.net", ()), status, ("192.0.2.1",))
    text = MESSAGES[status][lang]
    for outcome in (Outcome(status), Outcome(results=(result,), user="alice")):
        replies = {
            path: DonDNS().render(request_of(f"{path}?user=alice&lang={lang}"), outcome)
            for path in PATHS
        }
        expected = 503 if status in TEMPORARY else 200
        assert {reply.status for reply in replies.values()} == {expected}
        went_well = status in SUCCESSES
        assert json.loads(replies["/json"].body)["success"] is went_well
        assert json.loads(replies["/json"].body)["messages"] == [text]
        data = ET.fromstring(replies["/xml"].body)
        assert data.get("success") == data.get("succces") == str(int(went_well))
        assert [element.text for element in data.findall("informs/inform")] == [text] * went_well
        assert [element.text for element in data.findall("errors/error")] == [text] * (
            not went_well
        )
        lines = replies["/plain"].body.splitlines()
        assert lines[0] == ("OK" if went_well else "ERROR")
        assert lines[1:] == [text] or went_well


# Documents -------------------------------------------------------------------------------------

odd = st.one_of(
    st.text(max_size=12),
    st.text("\x00\x0b\x1f\x7f\x85\r\n\t<>&\"']]>\udc80\udcff\ufffe\uffff\U0001f600", max_size=8),
    st.sampled_from(["home.example.net", "alice", "dondns", "198.51.100.7", "en", "", " "]),
)
PARAMETERS = ("user", "apikey", "password", "host", "ip", "lang")
NAMES = {
    "data": {"informs", "errors", "resData", "host"},
    "informs": {"inform"},
    "errors": {"error"},
    "resData": {"user", "request"},
    "host": {"name", "value"},
}


def assert_readable(path: str, reply: Reply) -> None:
    """What every reader of a form takes for granted, however odd the request."""
    octets = reply.body.encode()  # in which a lone surrogate would have no place
    assert reply.status in (200, 503)
    match path:
        case "/json":
            document = json.loads(octets)
            assert {"success", "version", "ts", "messages"} <= document.keys()
            assert document.keys() <= {"success", "version", "ts", "user", "host", "messages"}
            assert isinstance(document["success"], bool)
            assert document["version"] == "2.0"
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", document["ts"])
            if "host" in document:
                assert list(document["host"]) == ["name", "value", "type", "updated"]
        case "/xml":
            assert octets.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n')
            data = ET.fromstring(octets)
            assert (data.tag, data.get("oper"), data.get("version")) == ("data", "dynamicip", "2.0")
            for element in data.iter():
                assert {child.tag for child in element} <= NAMES.get(element.tag, set())
        case "/plain":
            first, *more = octets.decode().removesuffix("\n").split("\n")
            assert first in ("OK", "ERROR")
            assert len(more) == 1 if first == "ERROR" else len(more) < 2


@given(
    st.sampled_from(PATHS),
    st.dictionaries(st.one_of(st.sampled_from(PARAMETERS), st.text(max_size=5)), odd),
    st.sampled_from(["192.0.2.77", "2001:db8::77"]),
)
def test_whatever_is_asked_gets_a_document(path: str, args: dict[str, str], peer: str) -> None:
    request = request_of(path, peer=peer)
    request.args.update(args)  # type: ignore[attr-defined]
    assert_readable(path, play(DonDNS(), request, Records()))


@given(st.sampled_from(PATHS), st.sampled_from(Status), odd, odd, odd)
@example("/xml", Status.GOOD, "a\x00\x0b", "]]><a&\"'", "en")
@example("/xml", Status.NOCHG, "alice", "\x00\ufffe\udcff", "es")
@example("/json", Status.GOOD, "\udcff", '"\\\x00', "en")
def test_whatever_is_shown_leaves_a_document_whole(
    path: str, status: Status, user: str, host: str, lang: str
) -> None:
    request = request_of(path)
    request.args.update(user=user, host=host, lang=lang)  # type: ignore[attr-defined]
    result = Result(change_of(host, ()), status, ("192.0.2.1",))
    reply = DonDNS().render(request, Outcome(results=(result,), user="alice"))
    assert_readable(path, reply)
    if path == "/xml":
        data = ET.fromstring(reply.body)
        assert data.find("resData/user") is not None
        assert (data.find("host/name") is not None) == (status in SUCCESSES)


def test_what_xml_can_hold_comes_through() -> None:
    request = request_of("/xml?user=alice")
    request.args.update(user="<a&b>\"ü\U0001f600'\t]]>")  # type: ignore[attr-defined]
    reply = DonDNS().render(request, Outcome(Status.MISSING, user="alice"))
    assert ET.fromstring(reply.body).findtext("resData/user") == "<a&b>\"ü\U0001f600'\t]]>"


def test_spanish_is_readable_as_it_is() -> None:
    """Scripts look for the message as it is documented."""
    result = Result(change_of("home.example.net", ()), Status.NOCHG, ("192.0.2.1",))
    for path in ("/json", "/xml"):
        reply = DonDNS().render(request_of(path), Outcome(results=(result,), user="alice"))
        assert "Operación realizada correctamente." in reply.body


# Requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", None),
        ("user=a", None),
        ("apikey=b", None),
        ("user=&apikey=b", None),
        ("user=a&apikey=&password=", None),
        ("user=a&apikey=b", ("a", "b")),
        ("user=a&password=b", ("a", "b")),
        ("user=a&password=b&apikey=c", ("a", "c")),
        ("user=a&password=b&apikey=", ("a", "b")),
        ("user=a+b&password=c", ("a+b", "c")),
        ("user=a%2Bb&password=c", ("a+b", "c")),
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_credentials(path: str, query: str, expected: tuple[str, str] | None) -> None:
    update = DonDNS().parse(request_of(f"{path}?{query}"))
    assert isinstance(update, Update)
    assert update.credentials == (Credentials(*expected, KeyKind.DONDNS) if expected else None)


@pytest.mark.parametrize("agent", ["ddclient/3.8.3", "ddclient/3.10.0", "ddclient/4.0.0"])
def test_ddclient_reads_ok_in_the_last_line(agent: str) -> None:
    target = "/plain/?user=alice&password=dondns&host=home.example.net&ip=198.51.100.7"
    reply = play(DonDNS(), request_of(target, agent=agent), Records())
    assert "OK" in reply.body.splitlines()[-1]


def test_an_update_carries_what_the_pipeline_needs() -> None:
    update = DonDNS().parse(request_of("/json?user=a&apikey=b&host=c.d", peer="::1"))
    assert isinstance(update, Update)
    assert (update.dialect, update.peer, update.agent) == ("dondns", "::1", "test/1.0")
    (change,) = update.changes
    assert (change.host, change.activated) == ("c.d", True)
