"""The page of a person's registrations of acme-dns."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ddns.model import names
from ddns.model.acme_dns import OpenTo
from ddns.policy.acme_dns import AcmeDnsRules
from tests.house import House
from tests.pages.browsing import BASE, Browser
from tests.pages.conftest import SCRIPT

ZONE = names.from_text("dyn.example")


def rule(house: House, **changed: Any) -> None:
    house.rule(acme_dns=AcmeDnsRules(**{"zone": ZONE, "open_to": OpenTo.ACCOUNT, **changed}))


@pytest.fixture
def asking(alice: Browser) -> Browser:
    """Alice's, who may register and looks at the page."""
    rule(alice.house)
    reopened = Browser(alice.house)
    reopened.cookies = alice.cookies
    reopened.get("/keys")
    assert "./certificates" in reopened.page.links
    reopened.get("/certificates")
    return reopened


def listed(house: House) -> list[Any]:
    found: list[Any] = house.person("alice", "acme_dns_list")["registrations"]
    return found


def kept(browser: Browser) -> Any:
    """The file that the page shows."""
    text = browser.page.text
    return json.loads(text[text.index('{ "') : text.rindex("}") + 1])


def test_a_registration_is_shown_once(asking: Browser) -> None:
    page = asking.submit("certificates", domain="www.example.org.", allowfrom="192.0.2.0/24, ::1")
    (one,) = listed(asking.house)
    made = kept(asking)["www.example.org"]
    assert made["fulldomain"] == one["fulldomain"]
    assert made["allowfrom"] == ["192.0.2.0/24", "::1/128"] == one["allowfrom"]
    assert f"_acme-challenge.www.example.org. CNAME {one['fulldomain']}." in page.text
    assert f"{BASE}acme-dns" in page.text
    page = asking.get("/certificates")
    for words in ("www.example.org", one["fulldomain"], "never", "192.0.2.0/24, ::1/128"):
        assert words in page.text
    assert made["password"] not in page.body


def test_noting_and_removing(asking: Browser) -> None:
    asking.submit("certificates", domain="www.example.org", allowfrom="")
    subdomain = listed(asking.house)[0]["subdomain"]
    asking.get("/certificates")
    page = asking.submit(f"certificates/{subdomain}/note", note=f"mine {SCRIPT}")
    assert "Noted." in page.text
    assert page.is_harmless()
    assert listed(asking.house)[0]["note"] == f"mine {SCRIPT}"
    assert "gone" in asking.submit(f"certificates/{subdomain}/remove").text
    assert listed(asking.house) == []


@pytest.mark.parametrize(
    "fields",
    [{"domain": "x" * 201, "allowfrom": ""}, {"domain": "a", "allowfrom": SCRIPT}],
)
def test_what_cannot_be(asking: Browser, fields: dict[str, str]) -> None:
    page = asking.submit("certificates", **fields)
    assert asking.answer.status == 400
    assert [given for _, given in page.tags if given.get("role") == "alert"]
    assert page.is_harmless()
    assert listed(asking.house) == []
    typed = next(form for form in page.forms if form.action.endswith("certificates"))
    assert typed.fields["allowfrom"] == fields["allowfrom"]


def test_a_note_that_is_too_long(asking: Browser) -> None:
    asking.submit("certificates", domain="a", allowfrom="")
    subdomain = listed(asking.house)[0]["subdomain"]
    asking.get("/certificates")
    asking.submit(f"certificates/{subdomain}/note", note="x" * 201)
    assert (asking.answer.status, listed(asking.house)[0]["note"]) == (400, "a")


def test_pages_of_many(asking: Browser) -> None:
    for _ in range(101):
        asking.house.api("acme_dns_add", account="alice")
    page = asking.get("/certificates")
    (more,) = [link for link in page.links if "after=" in link]
    last = asking.get(more)
    shown = [one["fulldomain"] for one in listed(asking.house)]
    assert [name in page.text for name in shown] == [True] * 100
    assert listed(asking.house)[-1]["fulldomain"] not in last.text


def test_where_only_the_operator_registers(asking: Browser) -> None:
    rule(asking.house, open_to=OpenTo.CLOSED)
    closed = Browser(asking.house)
    closed.cookies = asking.cookies
    page = closed.get("/certificates")
    assert "only the operator" in page.text
    assert not [form for form in page.forms if form.action.endswith("certificates")]
    closed.post("/certificates", **asking.page.forms[0].fields, domain="a")
    assert closed.answer.status == 403
    assert listed(asking.house) == []
