"""All pages, for every kind of reader, on a phone and on a desk, light and dark, in each language:
nothing keeps people out, nothing comes from elsewhere, and every link leads somewhere."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urldefrag, urljoin

import pytest

from ddns.api.caller import Permission
from ddns.pages import cookies
from ddns.pages.languages import LANGUAGES
from ddns.pages.table import PAGES
from tests.browser.people import DESK, PHONE, Person
from tests.pages.browsing import Document
from tests.programs import program, run

SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
NO_HTML = ("events", "export", "live")
"""Last segments of paths of files and of what scripts ask for."""
ONLY_BY_LINK = "notices/off"
"""The page that a link in a mail leads to; without that link it refuses in words."""


def paths(permission: Permission, values: dict[str, str]) -> list[str]:
    """The pages that readers with a permission may open, with these values in their paths."""
    return [
        page.path.format_map(values)
        for page in PAGES
        if page.method == "GET"
        and page.permission is permission
        and page.path.rpartition("/")[2] not in NO_HTML
    ]


@pytest.fixture
def values(alice: Person) -> dict[str, str]:
    """What alice has, and what stands for it in paths; clients have tried to run scripts."""
    server, host, zone = alice.service.server, f"{alice.name}.dyn.example", f"{alice.name}.example"
    server.call("host_add", name=host, account=alice.name)
    server.call("zone_add", origin=zone, account=alice.name)
    server.call("record_set", owner=f"www.{zone}", type="TXT", rdatas=[f'"{SCRIPT}"'])
    server.call("zone_set", origin=zone, registration="invitation")
    code = server.call("invitation_add", origin=zone, uses=1, days=1)["code"]
    key = server.call("key_add", account=alice.name, hosts=[host])["key"]
    url = f"{alice.service.url}nic/update?hostname={host}"
    for login in (f"{alice.name}:wrong", f"{alice.name}:{key}"):
        run([program("curl"), "-s", "-u", login, "-A", SCRIPT, url])
    www = {"owner": f"www.{zone}", "type": "TXT"}
    return {"name": host, "origin": zone, "client": "curl", "code": str(code), **www}


def look(person: Person, path: str, turn: int) -> Iterator[str]:
    """Open a page, and tell what is wrong with it. From turn to turn it is opened in another way,
    so that neighbours in the table, which are much alike, are seen in all of them."""
    page, ways = person.page, itertools.product((PHONE, DESK), SCHEMES, LANGUAGES)
    size, scheme, language = next(itertools.islice(ways, turn * 3 % 8, None))
    page.set_viewport_size(size)  # type: ignore[arg-type]
    page.emulate_media(color_scheme=scheme)
    chosen = {"name": cookies.LANGUAGE, "value": language, "url": person.service.url}
    page.context.add_cookies([chosen])  # type: ignore[list-item]
    answer = page.goto(path)
    assert answer is not None
    expected = 400 if path == ONLY_BY_LINK else 200
    if answer.status != expected or page.url != urljoin(person.service.url, path):
        yield f"it is {answer.status} at {page.url}"
    if page.locator("html").get_attribute("lang") != language:
        yield f"it is not in {language}"
    if not Document(answer.text()).is_harmless():
        yield "something in it may run"
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        yield f"it is wider than {size}"
    yield from person.barriers()


def check(person: Person, paths: list[str]) -> None:
    """Look at pages, then follow their links."""
    seen: dict[str, str] = {}
    wrong = []
    for turn, path in enumerate(paths):
        wrong += [f"{path}: {problem}" for problem in look(person, path, turn)]
        for link in person.page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)"):
            seen.setdefault(urldefrag(link)[0], path)
    for link, path in seen.items():
        status = person.page.context.request.get(link).status
        if status != 200 and not link.endswith(ONLY_BY_LINK):
            wrong.append(f"{path}: a link to {link}, which is {status}")
    assert wrong == []
    assert "Traceback" not in person.service.server.log


def test_strangers(values: dict[str, str], other: Person) -> None:
    check(other, paths(Permission.ANYBODY, values))


def test_people(alice: Person, values: dict[str, str]) -> None:
    check(alice, paths(Permission.ACCOUNT, values))


def test_operators(alice: Person, values: dict[str, str], operator: Person) -> None:
    check(operator, paths(Permission.OPERATOR, {**values, "name": alice.name}))
