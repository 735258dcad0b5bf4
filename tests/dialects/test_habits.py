"""What answers take into account of clients' habits, in every dialect."""

from __future__ import annotations

import dataclasses
import re
import tomllib

import pytest

from ddns.dialects.base import Dialect, in_status_too
from ddns.model.update import SUCCESSES, Outcome, Result, Status, change_of
from tests.dialects.playing import CASES, ROUTES, request_of
from tests.dialects.test_dialects import ERRORS, PATHS, refusals, request_to


@pytest.mark.parametrize(("dialect", "path"), PATHS)
def test_who_believes_any_2xx_is_told_errors_by_the_status(dialect: Dialect, path: str) -> None:
    for status in Status:
        assert_told_by_the_status(dialect, path, status)


def assert_told_by_the_status(dialect: Dialect, path: str, status: Status) -> None:
    change = change_of("home.example.net", ())
    for outcome in (
        *refusals(status),
        Outcome(results=(Result(change, status, ("192.0.2.1",)),), user="alice"),
        Outcome(results=(Result(change, Status.GOOD), Result(change, status)), user="alice"),
    ):
        for agent in ("OPNsense-dyndns", "DDNS/4.2.0 (ddns@newfuture.cc)", "test/1.0"):
            request = request_to(path, agent=agent)
            usual = dialect.render(request, outcome)
            reply = in_status_too(request, outcome, usual)
            assert dataclasses.replace(reply, status=usual.status) == usual
            if agent == "test/1.0" or status in SUCCESSES or usual.status != 200:
                assert reply.status == usual.status
            else:
                assert 400 <= reply.status < 500
                assert reply.status != 429


@pytest.mark.parametrize(("dialect", "path"), PATHS)
def test_a_block_that_ends_says_when(dialect: Dialect, path: str) -> None:
    if dialect.name == "checkip":
        return
    for wait, said in ((0.0, None), (0.5, "1"), (86_400.0, "86400")):
        reply = dialect.render(request_to(path), Outcome(Status.BLOCKED, user="a", wait=wait))
        assert reply.headers.get("Retry-After") == said
        assert reply.status != 503


SERVICES = [
    pytest.param(service, id=f"{path.stem}, {service['name']}")
    for path in sorted((CASES / "programs").glob("*.toml"))
    for service in tomllib.loads(path.read_text())["service"]
    if "answer" in service
]


@pytest.mark.parametrize("service", SERVICES)
def test_no_program_finds_its_words_in_an_error(service: dict[str, str]) -> None:
    """A program's service is a dialect here, by its name or by another one of the server."""
    url = service["url"]
    host, target = re.sub(r"^http://([^@/]*@)?", "", url).partition("/")[::2]
    for name in (host, "ddns.example.org"):
        request = request_of("/" + target, headers={"Host": name}, agent="DDNS-Updater x")
        route = ROUTES.find(request.path)
        dialect = route.dialect(request) if route else None
        assert dialect is not None
        for status in ERRORS:
            change = change_of("home.example.net", ())
            for outcome in (Outcome(status), Outcome(results=(Result(change, status),))):
                body = dialect.render(request, outcome).body
                assert not re.search(service["answer"].replace("[IP]", ""), body), (status, body)
