"""People and a server that runs: from the first mail to the last word, with the command."""

from __future__ import annotations

import json
import sqlite3
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyotp
import pytest

from tests import certificates
from tests.conftest import ACCOUNT, HOST, ZONE, Launch
from tests.forked import run_forked
from tests.processes import Json, Server, eventually, mode_of
from tests.relays import IMPLICIT_TLS, MailRelay, mail_relay

EMAIL = "alice@example.org"
PASSWORD = "canary correct horse"
NEW_PASSWORD = "canary battery staple"


@pytest.fixture
def relay() -> Iterator[MailRelay]:
    with mail_relay() as relay:
        yield relay


@pytest.fixture
def server(make_server: Launch, relay: MailRelay) -> Server:
    return make_server().with_registration(relay.port)


class Person:
    """Somebody far away with the command and a home of their own."""

    def __init__(self, home: Path, url: str, *options: str) -> None:
        self.home = home
        self.url = url
        self.options = options
        home.mkdir()

    def try_ddns(self, *args: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return run_forked(
            "ddns",
            [*self.options, *args],
            text_in=typed,
            folder=self.home,
            environment={"DDNS_SERVER": self.url, "XDG_CONFIG_HOME": ""},
        )

    def ddns(self, *args: str, typed: str = "") -> Json:
        done = self.try_ddns(*args, "--json", typed=typed)
        assert done.returncode == 0, f"{args}: {done.stderr}"
        answer: Json = json.loads(done.stdout)
        return answer

    def refused(self, *args: str, typed: str = "") -> str:
        done = self.try_ddns(*args, typed=typed)
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr


def alice_of(server: Server, tmp_path: Path) -> Person:
    return Person(tmp_path / "alice", f"http://127.0.0.1:{server.http_port}")


def test_from_the_first_mail_to_the_last_word(
    server: Server, relay: MailRelay, tmp_path: Path
) -> None:
    server.start()
    alice = alice_of(server, tmp_path)
    line = f"{PASSWORD}\n"
    asked = alice.ddns("register", "alice", "--email", EMAIL, "--password-stdin", typed=line)
    assert asked == {"name": "alice", "email": EMAIL}
    mail = relay.take()
    assert mail.recipients == [EMAIL]
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert f"    {alice.url}/confirm?token={mail.token}\n" in mail.text
    assert server.ddns("account", "list") == {"accounts": []}
    assert "type the token" in alice.refused("confirm")
    assert alice.ddns("confirm", typed=f"{mail.token}\n")["name"] == "alice"
    assert "wrong name or password" in alice.refused(
        "login", "alice", "--password-stdin", typed="something else\n"
    )
    answer = alice.ddns("login", "alice", "--password-stdin", typed=line)
    assert set(answer) == {"account", "expires", "language"}
    (file,) = (alice.home / ".config" / "ddns").iterdir()
    assert (mode_of(file), mode_of(file.parent)) == (0o600, 0o700)
    assert "only the operator" in alice.refused("account", "list")

    server.restart()
    (shown,) = alice.ddns("session", "list")["sessions"]
    assert (shown["peer"], shown["current"]) == ("127.0.0.1", True)
    alice.ddns("login", "alice", "--password-stdin", typed=line)
    assert alice.ddns("session", "close", shown["id"]) == {"id": shown["id"]}
    assert alice.ddns("session", "close-others") == {"closed": 0}
    server.restart()
    assert len(alice.ddns("session", "list")["sessions"]) == 1

    answer = alice.ddns(
        "password", "change", "--password-stdin", typed=f"{PASSWORD}\n{NEW_PASSWORD}\n"
    )
    assert answer["account"] == "alice"
    answer = alice.ddns(
        "email", "change", "new@example.org", "--password-stdin", typed=f"{NEW_PASSWORD}\n"
    )
    to_new, to_old = sorted(relay.wait(2), key=lambda mail: mail.recipients, reverse=True)
    assert (to_new.recipients, to_old.recipients) == (["new@example.org"], [EMAIL])
    done = alice.try_ddns("confirm", to_new.token)
    assert done.returncode == 0
    assert "other users of this machine can see the token" in done.stderr
    assert server.ddns("account", "show", "alice")["email"] == "new@example.org"
    relay.arrived.clear()

    assert alice.ddns("logout") == {"account": "alice"}
    assert not file.exists()
    assert "log in first" in alice.refused("zone", "list")
    assert alice.ddns("logout") == {"account": None}

    alice.ddns("password", "forgot", "new@example.org")
    both = f"{relay.take().token}\n{line}"
    alice.ddns("password", "reset", "--password-stdin", typed=both)
    alice.ddns("login", "alice", "--password-stdin", typed=line)
    gone = alice.ddns("account", "leave", "alice", "--password-stdin", typed=line)
    assert gone["name"] == "alice"
    assert server.ddns("account", "list") == {"accounts": []}


def test_secrets_are_nowhere(server: Server, relay: MailRelay, tmp_path: Path) -> None:
    """Neither in the log, nor in the database and its journal, nor on the command's terminal."""
    server.start()
    alice = alice_of(server, tmp_path)
    line = f"{PASSWORD}\n"
    secrets = [PASSWORD, NEW_PASSWORD, "canary-of-a-stranger"]
    said = []

    def ddns(*args: str, typed: str = "") -> None:
        done = alice.try_ddns(*args, typed=typed)
        said.append(done.stdout + done.stderr)

    ddns("register", "alice", "--email", EMAIL, "--password-stdin", typed=line)
    secrets.append(relay.take().token)
    ddns("register", "bob", "--email", "bob@example.org", "--password-stdin", typed=line)
    secrets.append(relay.take().token)  # nobody comes back with it
    ddns("confirm", secrets[3])
    ddns("login", "alice", "--password-stdin", typed=line)
    (file,) = (alice.home / ".config" / "ddns").iterdir()
    secrets.append(json.loads(file.read_text())["token"])
    change = f"{PASSWORD}\n{NEW_PASSWORD}\n"
    ddns("password", "change", "--password-stdin", typed=change)
    secrets.append(json.loads(file.read_text())["token"])
    ddns("password", "forgot", "alice")
    secrets.append(relay.take().token)
    ddns("login", "alice", "--password-stdin", typed="canary-of-a-stranger\n")
    for body in ({"name": "alice", "password": 5}, {"token": PASSWORD}, {"name": PASSWORD}):
        request = urllib.request.Request(
            f"{alice.url}/api/v1/sessions", json.dumps(body).encode(), method="POST"
        )
        request.add_header("Authorization", f"Bearer {secrets[-2]}")
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(request)
    assert server.terminate() == 0

    files = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert {"log", "ddns.sqlite"} <= files.keys()
    for secret in secrets:
        assert not [name for name, octets in files.items() if secret.encode() in octets]
        assert not [text for text in said if secret in text]
    connection = sqlite3.connect(server.database)
    journal = connection.execute("select * from journal").fetchall()
    pending = connection.execute("select count(*) from pending").fetchone()
    connection.close()
    assert journal
    assert "example.org" not in repr(journal)
    assert "argon2" not in repr(journal)
    assert pending == (2,)
    assert "example.org" not in server.log


def test_over_https(make_server: Launch, tmp_path: Path) -> None:
    pair = certificates.make(tmp_path)
    server = make_server().with_https(pair.certificate, pair.private_key).start()
    server.ddns("account", "add", "bob")
    done = server.try_ddns("account", "set-password", "bob", "--password-stdin", text_in="x\n")
    assert done.returncode == 0, done.stderr
    url = f"https://127.0.0.1:{server.https_port}/"
    bob = Person(tmp_path / "bob", url, "--ca", str(pair.certificate))
    answer = bob.ddns("login", "bob", "--password-stdin", typed="x\n")
    assert answer["account"] == "bob"
    stranger = Person(tmp_path / "stranger", url)
    assert "certificate" in stranger.refused("login", "bob", "--password-stdin", typed="x\n")
    server.ddns("account", "set", "bob", "--email", "bob@example.org")
    server.try_ddns("account", "set-password", "bob", "--password-stdin", text_in="y\n")
    assert "log in again" in bob.refused("zone", "list")
    context = ssl.create_default_context(cafile=str(pair.certificate))
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(f"{url}api/v1/zones", context=context)
    assert raised.value.code == 401


def test_a_server_that_is_closed(make_server: Launch, tmp_path: Path) -> None:
    server = make_server().start()
    alice = alice_of(server, tmp_path)
    said = alice.refused("register", "alice", "--email", EMAIL, "--password-stdin", typed=PASSWORD)
    assert "nobody can register" in said


def test_a_server_without_the_api(make_server: Launch, tmp_path: Path) -> None:
    server = make_server()
    server.config.write_text(server.config.read_text() + "[api]\nenabled = false\n")
    server.start()
    assert server.get("/api/v1/zones").body == "There is nothing here.\n"
    alice = alice_of(server, tmp_path)
    done = alice.refused("zone", "list")
    assert "not the API" in done


def test_a_relay_that_is_not_there_keeps_nobody_waiting(
    make_server: Launch, tmp_path: Path
) -> None:
    with mail_relay() as relay:
        port = relay.port
    server = make_server().with_registration(port).start()
    alice = alice_of(server, tmp_path)
    alice.ddns("register", "alice", "--email", EMAIL, "--password-stdin", typed=f"{PASSWORD}\n")
    eventually(lambda: "tried again in 10.0 s" in server.log, "it is tried")
    assert server.terminate() == 0
    assert "1 mails were not sent before the end" in server.log


def test_a_mail_that_is_asked_for_is_sent_before_the_end(
    server: Server, relay: MailRelay, tmp_path: Path
) -> None:
    server.start()
    alice = alice_of(server, tmp_path)
    alice.ddns("register", "alice", "--email", EMAIL, "--password-stdin", typed=f"{PASSWORD}\n")
    assert server.terminate() == 0
    assert relay.take().recipients == [EMAIL]


def test_who_forgot_and_who_is_logged_in_survive_restarts(
    server: Server, relay: MailRelay, tmp_path: Path
) -> None:
    server.start()
    server.ddns("account", "add", "alice", "--email", EMAIL)
    alice = alice_of(server, tmp_path)
    alice.ddns("password", "forgot", "alice")
    token = relay.take().token
    server.restart()
    alice.ddns("password", "reset", "--password-stdin", typed=f"{token}\n{PASSWORD}\n")
    alice.ddns("login", "alice", "--password-stdin", typed=f"{PASSWORD}\n")
    server.kill()
    server.start()
    assert alice.ddns("account", "show", "alice")["name"] == "alice"
    server.kill()
    server.try_ddns("account", "set-password", "alice", "--password-stdin", text_in="another\n")
    server.start()
    assert "log in again" in alice.refused("zone", "list")


def test_a_second_factor(server: Server, tmp_path: Path) -> None:
    server.start()
    server.ddns("account", "add", "alice")
    line = f"{PASSWORD}\n"
    server.try_ddns("account", "set-password", "alice", "--password-stdin", text_in=line)
    alice = alice_of(server, tmp_path)
    alice.ddns("login", "alice", "--password-stdin", typed=line)
    (file,) = (alice.home / ".config" / "ddns").iterdir()
    token = json.loads(file.read_text())["token"]

    def api(path: str, **body: str) -> Json:
        request = urllib.request.Request(f"{alice.url}/api{path}", json.dumps(body).encode())
        request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request) as answer:
            found: Json = json.load(answer)
        return found

    added = api("/v1/totp", password=PASSWORD)
    assert added["uri"].startswith("otpauth://totp/127.0.0.1:alice?")
    code = api("/v1/totp/confirm", code=pyotp.TOTP(added["secret"]).now())["recovery_codes"][0]
    login = ("login", "alice", "--password-stdin")
    assert "type the code" in alice.refused(*login, typed=line)
    assert "code is wrong" in alice.refused(*login, typed=f"{line}123\n")
    alice.ddns(*login, typed=f"{line}{code}\n")
    server.restart()
    strong = [one["second_factor"] for one in alice.ddns("session", "list")["sessions"]]
    assert strong == [True, False]
    server.ddns("account", "set", "alice", "--operator")
    assert alice.ddns("account", "list")["accounts"][0]["operator"] is True
    server.ddns("account", "set", "alice", "--no-second-factor")
    alice.ddns(*login, typed=line)
    assert "only the operator" in alice.refused("account", "list")
    assert server.terminate() == 0
    kept = (tmp_path / "ddns.sqlite").read_bytes() + server.log.encode()
    assert not [one for one in (added["secret"], code) if one.encode() in kept]


def test_owners_are_told_of_trouble_once(make_server: Launch, relay: MailRelay) -> None:
    server = make_server().with_settings(
        "[abuse]\nfailures_noticed = 3\nrefusals = 2\nchange_burst = 1\nchange_interval = 3600\n"
    )
    server.with_registration(relay.port).start()
    server.ddns("zone", "add", ZONE)
    server.ddns("account", "add", ACCOUNT, "--email", EMAIL)
    server.ddns("host", "add", HOST, "--account", ACCOUNT)
    login = f"{ACCOUNT}:{server.ddns('key', 'add', ACCOUNT)['key']}"
    for _ in range(7):
        assert server.update(f"{ACCOUNT}:wrong", HOST, "198.51.100.7").body == "badauth\n"
    assert "wrong keys or passwords" in relay.take().message["Subject"]
    for number in range(6):
        server.update(login, HOST, f"198.51.100.{number}")
    assert "is blocked" in relay.take().message["Subject"]
    for _ in range(4):
        server.update(f"{ACCOUNT}:wrong", HOST, "198.51.100.7")
    assert server.terminate() == 0
    assert relay.arrived == []


@IMPLICIT_TLS
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_relay_that_wants_tls_and_a_password(
    make_server: Launch, tmp_path: Path, tls: str
) -> None:
    pair = certificates.make(tmp_path, "relay")
    password = "canary of the relay"
    with mail_relay(pair, implicit=tls == "implicit", login=("ddns", password)) as relay:
        server = make_server().with_settings(
            '[accounts]\nregistration = "open"\n[api]\nurl = "https://ddns.example.net"\n'
            f'[mail]\nrelay = "localhost:{relay.port}"\nsender = "ddns@{ZONE}"\ntls = "{tls}"\n'
            f'ca = "{pair.certificate}"\nuser = "ddns"\npassword = "{password}"\n'
        )
        server.start()
        alice = alice_of(server, tmp_path)
        alice.ddns("register", "alice", "--email", EMAIL, "--password-stdin", typed=f"{PASSWORD}\n")
        mail = relay.take()
        assert (mail.encrypted, mail.user) == (True, "ddns")
        assert f"    https://ddns.example.net/confirm?token={mail.token}\n" in mail.text
        relay.refusals = ["451 later"]
        bob = ("register", "bob", "--email", "b@example.org", "--password-stdin")
        alice.ddns(*bob, typed=f"{PASSWORD}\n")
        eventually(lambda: "451 later" in server.log, "the log says that it failed")
    assert server.terminate() == 0
    assert password not in server.log
    assert "Traceback" not in server.log


def test_from_an_account_to_an_answer(server: Server, relay: MailRelay, tmp_path: Path) -> None:
    """What a person does who wants a name for a router, and all that comes after."""
    server.start()
    server.ddns("zone", "add", "dyn.example.net", "--registration", "open")
    server.ddns("zone", "add", "club.example.net", "--registration", "invitation")
    alice, bob = (
        Person(tmp_path / name, f"http://127.0.0.1:{server.http_port}") for name in ("alice", "bob")
    )
    for name, person in (("alice", alice), ("bob", bob)):
        line = f"{PASSWORD}\n"
        email = f"{name}@example.org"
        person.ddns("register", name, "--email", email, "--password-stdin", typed=line)
        person.ddns("confirm", typed=relay.take().token)
        person.ddns("login", name, "--password-stdin", typed=line)
    host = "home.dyn.example.net"
    assert alice.ddns("host", "add", host, "--wildcard")["account"] == "alice"
    key = alice.ddns("key", "add", "alice", "--host", host)["key"]
    assert server.update(f"alice:{key}", host, "8.8.8.8").body == "good 8.8.8.8\n"
    assert server.answers(host) == ["8.8.8.8"]
    assert server.ask(f"www.{host}").answer[-1][0].to_text() == "8.8.8.8"
    assert server.update(f"alice:{key}", host, "10.0.0.1").body == "dnserr\n"  # nobody's business
    alice.ddns("record", "set", f"_acme-challenge.{host}", "TXT", "token")
    assert server.answers(f"_acme-challenge.{host}", "TXT") == ['"token"']
    assert "no host" in bob.refused("host", "show", host)
    assert "exists already" in bob.refused("host", "add", host)
    assert "reserved" in bob.refused("host", "add", "www.dyn.example.net")
    assert "public" in alice.refused("record", "set", host, "A", "192.168.0.1")
    events = alice.ddns("host", "history", host)["events"]
    assert [event["via"] for event in events][:2] == ["api", "dyndns2"]
    requests = alice.ddns("host", "show", host)["requests"]
    assert [one["answer"] for one in requests] == ["200 dnserr", "200 good 8.8.8.8"]

    code = server.ddns("zone", "invite", "club.example.net")["code"]
    assert "no zone" in bob.refused("host", "add", "bob.club.example.net")
    bob.ddns("zone", "join", typed=f"{code}\n")
    bob.ddns("host", "add", "bob.club.example.net", "--record", "A", "8.8.4.4")
    (bob.home / "hosts").write_text("bob 8.8.4.4\nnas 8.8.8.8 10.0.0.1\nwww\n")
    imported = bob.ddns("host", "import", "hosts", "--from=list", "--zone=club.example.net")
    assert [one["added"] for one in imported["hosts"]] == [False, True]
    assert [one["name"] for one in imported["left_out"]] == [
        *("nas.club.example.net", "www.club.example.net"),
    ]
    bob.ddns("host", "remove", "nas.club.example.net")
    assert server.answers("bob.club.example.net") == ["8.8.4.4"]

    alice.ddns("host", "remove", host)
    assert server.answers(host) == []
    assert "not long ago" in bob.refused("host", "add", host)
    alice.ddns("host", "add", host)
    server.ddns("account", "block", "alice", "a broken router")
    assert "a broken router" in relay.take().text
    assert "blocked: a broken router" in alice.refused("host", "remove", host)
    assert server.update(f"alice:{key}", host, "8.8.8.9").status in (200, 401)
    assert server.answers(host) == []
    assert alice.ddns("account", "show", "alice")["blocked"]["reason"] == "a broken router"


def test_who_has_a_silent_host_is_told(server: Server, relay: MailRelay) -> None:
    server.start()
    server.call("account_add", name=ACCOUNT, email=EMAIL)
    server.call("zone_add", origin=ZONE)
    server.call("host_add", name=HOST, account=ACCOUNT)
    server.call("record_set", owner=HOST, type="A", rdatas=["198.51.100.7"])
    server.ddns("host", "set", HOST, "--expire-after", "30")
    assert server.terminate() == 0
    with closing(sqlite3.connect(server.database)) as connection, connection:
        connection.execute("update host set expires = expires - 29 * 86400")
    server.start()
    mail = relay.take()
    assert mail.recipients == [EMAIL]
    assert f"{HOST}: it goes offline soon" in mail.message["Subject"]
    assert f"  {HOST}: it goes offline soon, at " in mail.text
    assert "if it goes on" in server.try_ddns("host", "show", HOST).stdout
    server.restart()
    server.call("account_block", name=ACCOUNT, reason="to have another mail")
    assert f"Your account {ACCOUNT} is blocked" in relay.take().message["Subject"]
