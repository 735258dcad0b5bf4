"""Settings: an error says where it is and what was expected; options come after the file."""

from __future__ import annotations

import dataclasses
import math
import os
import typing
from pathlib import Path

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.python.usage import UsageError
from twisted.web.http_headers import Headers

from ddns.config.load import (
    ConfigError,
    load_settings,
    parse_address,
    parse_host_and_port,
    split_listeners,
)
from ddns.config.settings import Settings
from ddns.model import names
from ddns.model.acme_dns import OpenTo
from ddns.net.peers import text_of
from ddns.net.proxy.trust import Proxies
from ddns.policy.acme_dns import AcmeDnsRules
from ddns.policy.registration import Rules
from ddns.server import factories
from ddns.server.tap import Options

PROXIED = "[proxies]\ntrusted = ['192.0.2.1']\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ddns.toml"


def loaded(file: Path, text: str) -> Settings:
    file.write_text(text)
    return load_settings(file)


def test_an_empty_file_is_the_defaults(file: Path) -> None:
    assert loaded(file, "") == Settings()
    assert loaded(file, "[dns]\n[http]\n[store]\n") == Settings()


def test_settings_that_have_no_effect_any_more(file: Path) -> None:
    file.write_text("[abuse]\nnochg_interval = 60.0\n")
    assert load_settings(file) == Settings()
    file.write_text("abuse = 1\n")
    with pytest.raises(ConfigError, match="abuse: expected a table"):
        load_settings(file)


def test_acme_dns(file: Path) -> None:
    given = "[acme_dns]\nzone = 'auth.example.net'\nregistration = 'open'\nexpire_after = "
    rules = factories.rules(loaded(file, f"{given}2")).acme_dns
    zone = names.from_text("auth.example.net")
    assert rules == AcmeDnsRules(zone=zone, open_to=OpenTo.OPEN, term=2 * 86_400.0)
    assert factories.rules(loaded(file, f"{given}0")).acme_dns.term == math.inf


def test_registration(file: Path) -> None:
    settings = loaded(
        file,
        """
    [registration]
    reserved = ["bank*", "boss", "*"]
    min_ttl = 60
    quarantine_days = 0.5
    """,
    )
    rules = factories.rules(settings)
    assert rules == Rules(reserved=("bank*", "boss", "*"), min_ttl=60, quarantine=43_200.0)
    assert factories.rules(Settings()) == Rules()
    assert loaded(file, "[registration]\nquarantine_days = 0").registration.quarantine_days == 0


def test_a_file(file: Path) -> None:
    text = """
    database = "/var/lib/ddns/ddns.sqlite"
    sample = false
    stop_time = 1
    [dns]
    listen = ["192.0.2.1:53", "[2001:db8::1]:53"]
    tcp_idle_time = 0.25
    [http]
    listen = "off"
    connections = 7
    [store]
    journal_rows = 300
    """
    settings = loaded(file, text)
    assert settings.database == "/var/lib/ddns/ddns.sqlite"
    assert (settings.sample, settings.stop_time) == (False, 1.0)
    assert isinstance(settings.stop_time, float)
    assert settings.dns.listen == ("192.0.2.1:53", "[2001:db8::1]:53")
    assert settings.dns.tcp_idle_time == 0.25
    assert settings.dns.tcp_connections == Settings().dns.tcp_connections
    assert (settings.http.listen, settings.http.connections) == ((), 7)
    assert settings.store.journal_rows == 300


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ('registration.reserved = ["*bank"]', "registration.reserved", "a label"),
        ('registration.reserved = ["Bank"]', "registration.reserved", "lower case"),
        ('registration.reserved = ["a.b"]', "registration.reserved", "a label"),
        ("dns.lease_max = 29", "dns.lease_max", "lease_min or more"),
        ("dns.lease_max = 4294967296", "dns.lease_max", "4294967295"),
        ("registration.max_ttl = 9", "registration.max_ttl", "min_ttl or more"),
        ("registration.max_ttl = 2147483648", "registration.max_ttl", "2147483647"),
        ("registration.hosts_per_account = 0", "registration.hosts_per_account", "more than 0"),
        ("registration.quarantine_days = -1", "registration.quarantine_days", "0 or more"),
        ("nonsense = 1", "nonsense", "there is no such setting; known here: abuse, accounts, "),
        ("[dns]\nport = 53", "dns.port", "there is no such setting; known here: "),
        ("[dnss]", "dnss", "there is no such setting"),
        ("dns = 1", "dns", "expected a table, got 1"),
        ("acme_dns.zone = 'a..b'", "acme_dns.zone", "a..b"),
        ("acme_dns.registration = 'open'", "acme_dns.zone", "expected a zone"),
        ("acme_dns.registration = 'x'", "acme_dns.registration", "closed, account, open"),
        ("database = 1", "database", "expected a string, got 1"),
        ("database = ['a']", "database", "expected a string"),
        ("sample = 1", "sample", "expected true or false, got 1"),
        ("sample = 'no'", "sample", "expected true or false, got 'no'"),
        ("stop_time = '5s'", "stop_time", "expected a number, got '5s'"),
        ("stop_time = true", "stop_time", "expected a number, got True"),
        ("stop_time = 0", "stop_time", "expected more than 0, got 0"),
        ("stop_time = nan", "stop_time", "expected more than 0, got nan"),
        ("stop_time = -inf", "stop_time", "expected more than 0, got -inf"),
        ("[http]\nconnections = 0", "http.connections", "expected more than 0, got 0"),
        ("[http]\nconnections = -1", "http.connections", "expected more than 0"),
        ("[http]\nconnections = 1.5", "http.connections", "expected a whole number, got 1.5"),
        ("[http]\nconnections = true", "http.connections", "expected a whole number"),
        ("[http]\nlisten = 'tcp:80'", "http.listen", 'expected a list of strings or "off"'),
        ("[outward]\nports = ['80']", "outward.ports", "expected a list of whole numbers"),
        ("[outward]\nports = [true]", "outward.ports", "expected a list of whole numbers"),
        ("[outward]\nports = [65536]", "outward.ports", "expected ports, got [65536]"),
        ("[outward]\nallow = ['10.0.0.1/8']", "outward.allow", "expected a network"),
        ("[http]\nlisten = [80]", "http.listen", 'expected a list of strings or "off", got [80]'),
        ("[dns]\nlisten = ['53']", "dns.listen", "expected ADDRESS:PORT or [IPV6]:PORT, got '53'"),
        ("[proxies]\ntrusted = ['10.0.0.1/8']", "proxies.trusted", "a network ADDRESS/PREFIX"),
        ("[proxies]\ntrusted = ['unix']", "proxies.trusted", "a network ADDRESS/PREFIX"),
        ("[proxies]\ntrusted = ['proxy.example']", "proxies.trusted", "a network"),
        ("[proxies]\ntrusted = ['0.0.0.0/0']", "proxies.trusted", "got everybody"),
        ("[proxies]\ntrusted = ['::/0']", "proxies.trusted", "got everybody"),
        ("[proxies]\nheader = 'X-Real-IP'", "proxies.header", '"X-Forwarded-For", "Forwarded" or'),
        ("[proxies]\nheader = 'Forwarded'", "proxies.trusted", "since proxies.header is set"),
        ("[http]\nlisten = ['haproxy:tcp:80']", "proxies.trusted", "http.listen has haproxy:"),
        (
            "[miniupdate]\nlisten = ['tcp:9120', 'haproxy:tcp:9121']",
            "proxies.trusted",
            "miniupdate.listen has haproxy:",
        ),
        (PROXIED + "[http]\nlisten = ['haproxy:ssl:443']", "http.listen", "a plain socket"),
        (PROXIED + "[http]\nlisten = ['haproxy:haproxy:tcp:1']", "http.listen", "a plain socket"),
        ("[store]\npatience = 'long'", "store.patience", "expected a number"),
    ],
)
def test_errors_name_key_and_expectation(file: Path, text: str, key: str, expected: str) -> None:
    with pytest.raises(ConfigError) as raised:
        loaded(file, text)
    assert str(raised.value).startswith(f"{file}: {key}: ")
    assert expected in str(raised.value)
    assert "\n" not in str(raised.value)


def test_proxies(file: Path) -> None:
    text = """
    [proxies]
    trusted = ["192.0.2.1", "2001:db8::/64", "unix:"]
    header = "x-forwarded-FOR"
    """
    proxies = factories.set_trusted(Proxies(), loaded(file, text).proxies)
    headers = Headers({"X-Forwarded-For": ["198.51.100.7"]})
    for peer in (IPv4Address("TCP", "192.0.2.1", 1), UNIXAddress(b"")):
        assert text_of(proxies.client(peer, headers)) == "198.51.100.7"
    assert proxies.trusts(IPv6Address("TCP", "2001:db8::1", 1))
    assert not proxies.trusts(IPv4Address("TCP", "192.0.2.2", 1))


@pytest.mark.parametrize("header", ["", "header = 'off'", "header = 'Off'"])
def test_trusted_proxies_whose_headers_are_not_believed(file: Path, header: str) -> None:
    proxies = factories.set_trusted(
        Proxies(), loaded(file, f"[proxies]\ntrusted = ['192.0.2.1']\n{header}").proxies
    )
    peer = IPv4Address("TCP", "192.0.2.1", 1)
    assert proxies.trusts(peer)
    assert proxies.client(peer, Headers({"X-Forwarded-For": ["198.51.100.7"]})) is peer


def test_without_proxies_nobody_is_trusted() -> None:
    proxies = factories.set_trusted(Proxies(), Settings().proxies)
    for peer in (IPv4Address("TCP", "127.0.0.1", 1), UNIXAddress(b"")):
        assert not proxies.trusts(peer)


def test_listeners_of_proxies(file: Path) -> None:
    text = PROXIED + "[https]\ncertificate = 'x'\nlisten = ['haproxy:tcp:443', 'tcp:8443']"
    settings = loaded(file, text)
    assert split_listeners(settings.https.listen) == (["tcp:8443"], ["tcp:443"])
    assert split_listeners(()) == ([], [])


@pytest.mark.parametrize("content", [b"x", b"[dns", b"a = 1\na = 2", b"\xff", b"a = \x00"])
def test_what_is_not_toml(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(ConfigError, match="not TOML") as raised:
        load_settings(file)
    assert str(raised.value).startswith(f"{file}: ")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ConfigError, match=why) as raised:
            load_settings(path)
        assert str(raised.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:53", ("127.0.0.1", 53)),
        ("0.0.0.0:0", ("0.0.0.0", 0)),
        ("[::]:65535", ("::", 65535)),
        ("[2001:DB8:0::1]:53", ("2001:db8::1", 53)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text, "key") == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "53",
        ":53",
        "localhost:53",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:x",
        "::1:53",
        "[::1]",
        "[127.0.0.1]:53",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "*:53",
        "[::1:53",
        "1.2.3:53",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^key: expected ADDRESS:PORT or \[IPV6\]:PORT, got "):
        parse_address(text, "key")


def _sections(kind: type, prefix: str = "") -> typing.Iterator[tuple[str, typing.Any, typing.Any]]:
    """Every setting: its key, its type, its default."""
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        if dataclasses.is_dataclass(hint):
            yield from _sections(typing.cast(type, hint), f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}", hint, field.default


@pytest.mark.parametrize(("key", "hint", "default"), list(_sections(Settings)))
def test_every_setting_can_be_set(file: Path, key: str, hint: object, default: object) -> None:
    shown = {
        str: f'"{default}"',
        bool: str(default).lower(),
        int: str(default),
        float: str(default),
    }
    kind = str if hint == str | tuple[str, ...] else hint
    value = shown.get(typing.cast(type, kind)) or str(list(typing.cast(tuple, default)))
    assert loaded(file, f"{key} = {value}") == Settings()
    with pytest.raises(ConfigError) as raised:
        loaded(file, f"{key} = {{ a = 1 }}")
    assert str(raised.value).startswith(f"{file}: {key}: expected ")


def test_settings_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().sample = False  # type: ignore[misc]


# The command line ------------------------------------------------------------------------------


def options(*arguments: str) -> Settings:
    made = Options()
    made.parseOptions(list(arguments))
    return made.settings


def test_no_options() -> None:
    path = os.path.abspath("ddns.sqlite")
    assert options() == dataclasses.replace(Settings(), database=path)


def test_options_replace_what_the_file_says(file: Path) -> None:
    file.write_text(
        'database = "of-the-file"\n[dns]\nlisten = ["127.0.0.1:1"]\ntcp_connections = 9\n'
        '[http]\nlisten = ["tcp:1"]\nconnections = 9\n'
    )
    settings = options("--config", str(file))
    assert settings.database == os.path.abspath("of-the-file")
    assert (settings.dns.listen, settings.http.listen) == (("127.0.0.1:1",), ("tcp:1",))
    settings = options(
        *("--config", str(file), "--database", "mine", "--no-sample"),
        *("--dns", "127.0.0.1:2", "--dns=[::1]:3", "--http", "tcp:2"),
    )
    assert settings.database == os.path.abspath("mine")
    assert not settings.sample
    assert settings.dns.listen == ("127.0.0.1:2", "[::1]:3")
    assert settings.http.listen == ("tcp:2",)
    assert (settings.dns.tcp_connections, settings.http.connections) == (9, 9)


@pytest.mark.parametrize(
    ("text", "certificates", "keys"),
    [
        ("certificate = 'a'", ("/a",), ("/a",)),
        ("certificate = 'a'\nprivate_key = 'b'", ("/a",), ("/b",)),
        ("certificate = ['a', 'b']", ("/a", "/b"), ("/a", "/b")),
        ("certificate = ['a', 'b']\nprivate_key = ['c', '/d']", ("/a", "/b"), ("/c", "/d")),
        ("certificate = []", (), ()),
    ],
)
def test_certificates(
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    certificates: tuple[str, ...],
    keys: tuple[str, ...],
) -> None:
    file.write_text(f"[https]\n{text}\n")
    monkeypatch.chdir("/")
    https = options("--config", str(file)).https
    assert (https.certificates, https.private_keys) == (certificates, keys)


@pytest.mark.parametrize(
    "text",
    [
        "certificate = ['a', 'b']\nprivate_key = 'c'",
        "certificate = 'a'\nprivate_key = ['b', 'c']",
        "private_key = 'b'",
    ],
)
def test_a_certificate_without_a_key(file: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"https\.private_key: expected as many as"):
        loaded(file, f"[https]\n{text}")


def test_certificates_as_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    given = ("--https", "tcp:443", "--certificate", "a", "--certificate", "/b")
    https = options(*given).https
    assert https.certificates == https.private_keys == ("/a", "/b")
    https = options(*given, "--private-key=c", "--private-key=d").https
    assert (https.certificates, https.private_keys) == (("/a", "/b"), ("/c", "/d"))
    with pytest.raises(UsageError, match="expected as many"):
        options(*given, "--private-key=c")


def test_off_means_none() -> None:
    settings = options("--dns", "off", "--http", "off")
    assert settings.dns.listen == settings.http.listen == ()


@pytest.mark.parametrize(
    ("arguments", "about"),
    [
        (["--dns", "53"], "dns.listen: expected ADDRESS:PORT"),
        (["--config", "/nonexistent"], "/nonexistent: No such file"),
        (["--nonsense"], "nonsense"),
        (["stray"], "arguments"),
    ],
)
def test_usage_errors(arguments: list[str], about: str) -> None:
    with pytest.raises(UsageError, match=about):
        options(*arguments)


def test_the_help_names_every_option() -> None:
    text = str(Options())
    listeners = ("--dns", "--http", "--https", "--miniupdate")
    for option in ("--config", "--database", "--certificate", *listeners, "--no-sample"):
        assert option in text
    for default in (*Settings().dns.listen, *Settings().http.listen, Settings().database):
        assert default in text


MAIL = """
[mail]
relay = "mail.example.net:587"
sender = "ddns@example.net"
"""


def test_mail(file: Path) -> None:
    settings = loaded(
        file,
        MAIL
        + 'user = "u"\npassword = "p"\n[accounts]\nregistration = "open"\n[api]\nurl = "https://ddns.example.net"',
    )
    assert settings.accounts.registration == "open"
    assert parse_host_and_port(settings.mail.relay, "") == ("mail.example.net", 587)
    assert parse_host_and_port("[::1]:25", "") == ("::1", 25)
    assert "'p'" not in repr(settings)
    local = MAIL.replace("mail.example.net:587", "localhost:25")
    loaded(file, local + 'user = "u"\npassword = "p"\ntls = "off"')


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[accounts]\nregistration = "open"', "mail.relay"),
        ('[accounts]\nregistration = "yes"', "accounts.registration"),
        ("[accounts]\nmails_per_hour = 0", "accounts.mails_per_hour"),
        ('[mail]\ntls = "on"', "mail.tls"),
        ('[mail]\nrelay = "a.example:25"', "mail.sender"),
        ('[mail]\nrelay = "a.example:25"\nsender = "a"', "mail.sender"),
        ('[mail]\nrelay = "a.example:25"\nsender = "a@b.example\\r\\nX: y"', "mail.sender"),
        ('[mail]\nrelay = "a.example"', "mail.relay"),
        ('[mail]\nrelay = "a.example:0"', "mail.relay"),
        ('[mail]\nrelay = "a.example:65536"', "mail.relay"),
        ('[mail]\nrelay = "::1:25"', "mail.relay"),
        (MAIL + 'user = "u"', "mail.password"),
        (MAIL + 'password = "canary"', "mail.user"),
        (MAIL + 'user = "u"\npassword = "canary"\ntls = "off"', "mail.tls"),
        ('[api]\nurl = "ddns.example.net"', "api.url"),
        ('[api]\nurl = "https://a b"', "api.url"),
    ],
)
def test_mail_that_cannot_be(file: Path, text: str, key: str) -> None:
    with pytest.raises(ConfigError, match=key) as raised:
        loaded(file, text)
    assert "canary" not in str(raised.value)


def test_a_file_of_certificates_is_found_from_anywhere(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(MAIL + 'ca = "ca.pem"')
    monkeypatch.chdir(tmp_path)
    options = Options()
    options.parseOptions(["--config", str(file)])
    assert options.settings.mail.ca == str(tmp_path / "ca.pem")
