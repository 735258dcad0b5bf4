"""The command: what an account is told, and where."""

from __future__ import annotations

from ddns.model.notices import Kind
from tests.cli.commands import Run, error_of
from tests.house import HOME, House

HOST = "home.example.net"
URL = "https://hooks.example/canary"


def test_what_is_told(house: House, run: Run) -> None:
    house.fill()
    shown = run("notice", "show", "--host", HOST).out
    assert "host home.example.net, nothing of its own" in shown
    assert "the account has no address" in shown
    house.api("email_set", name="alice", email="alice@example.org")
    set_ = ("notice", "set", "--account", "alice")
    changed = run(*set_, "--mail", "changed, silent", "--targets", "", "--silent-days", "9")
    assert changed.out.splitlines()[1].split() == ["By", "mail:", "changed"]
    assert "9 days" in changed.out
    assert run(*set_, "--reset", "--json").json["mail"][0] == "refused"
    assert "no kind of notice" in error_of(run(*set_, "--mail", "nonsense"))


def test_where_it_is_sent(house: House, run: Run) -> None:
    house.fill()
    made = run("notice", "webhook", URL, "--host", HOST)
    assert made.out.startswith("whsec_")
    assert len(made.out.splitlines()) == 1
    assert "target 1 posts to hooks.example" in made.err
    house.api("notice_target_add", way="apprise", url="ntfys://x.example/y", account="alice")
    lines = run("notice", "show", "--host", HOST).out.splitlines()
    assert [line.split()[:3] for line in lines[-2:]] == [
        ["1", "webhook", "hooks.example"],
        ["2", "apprise", "x.example"],
    ]
    assert "canary" not in "\n".join(lines)
    assert run("notice", "remove", "1").out == "removed target 1\n"
    assert "no target 1" in error_of(run("notice", "remove", "1"))


def test_a_token_from_a_mail(house: House, run: Run) -> None:
    house.fill()
    alice = house.directory.account("alice")
    assert alice is not None
    token = house.links.token(alice, HOME, Kind.REFUSED, None)
    said = run("notice", "off", token).out
    assert said == "no more mails of kind refused about home.example.net\n"
    assert "not one of ours" in run("notice", "off", "x").err
