"""Programs that take this server for PowerDNS: as docs/certificates.md and docs/powerdns.md have
them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from tests.clients.documented import RESOLVING, tool_block, words
from tests.conftest import ACCOUNT, HOST, ZONE
from tests.pebble import Authority, pebble
from tests.processes import PATIENCE, Server
from tests.programs import program, run, script

CHALLENGE = f"_acme-challenge.{HOST}"
OPERATOR = "olga"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with alice's host, and an operator."""
    server = Server(tmp_path_factory.mktemp("server"), "--no-sample").start()
    try:
        for name in (ACCOUNT, OPERATOR):
            server.call("account_add", name=name)
        server.call("account_set", name=OPERATOR, operator=True)
        server.call("zone_add", origin=ZONE)
        server.call("host_add", name=HOST, account=ACCOUNT)
        yield server
    finally:
        server.clean_up()


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    """A key as docs/certificates.md makes it."""
    made = server.ddns("key", "add", ACCOUNT, "--host", HOST, "--right", "records")
    return str(made["key"])


@pytest.fixture(scope="module")
def operators(server: Server) -> str:
    """An operator's key."""
    return str(server.ddns("key", "add", OPERATOR, "--right", "operator")["key"])


@pytest.fixture(scope="module")
def authority(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with pebble(server.dns_port, tmp_path_factory.mktemp("pebble")) as authority:
        yield authority


def succeed(
    command: list[str], folder: Path, environment: dict[str, str], within: float = PATIENCE
) -> str:
    """What a command prints, or else logs, that has to go well."""
    done = run(command, folder=folder, environment=environment, timeout=within)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout or done.stderr


def assert_issued(server: Server, certificate: Path) -> None:
    """There is a certificate for the host and all below it, and nothing is left of its making."""
    issued = x509.load_pem_x509_certificate(certificate.read_bytes())
    names = issued.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {HOST, f"*.{HOST}"}
    assert server.answers(CHALLENGE, "TXT") == []
    asked = server.call("host_show", name=HOST)["requests"]
    assert {(one["dialect"], one["answer"]) for one in asked} == {("powerdns", "done")}


def lego(
    server: Server, key: str, authority: Authority, folder: Path
) -> tuple[list[str], dict[str, str]]:
    """The page's command with its environment."""
    environment, (_, *options, do) = words(tool_block("certificates.md", "lego", server, key))
    environment |= {"LEGO_CA_CERTIFICATES": str(authority.ca), "PDNS_POLLING_INTERVAL": "1"}
    where = f"127.0.0.1:{server.dns_port}"
    command = [program("lego"), "--server", authority.directory, "--path", str(folder)]
    return [*command, *options, "--dns.disable-cp", "--dns.resolvers", where, do], environment


def test_lego(server: Server, key: str, authority: Authority, tmp_path: Path) -> None:
    command, environment = lego(server, key, authority, tmp_path)
    succeed(command, tmp_path, environment, 4 * PATIENCE)
    assert_issued(server, tmp_path / "certificates" / f"{HOST}.crt")


def test_lego_says_that_its_key_is_not_taken(
    server: Server, authority: Authority, tmp_path: Path
) -> None:
    command, environment = lego(server, "wrong", authority, tmp_path)
    done = run(command, folder=tmp_path, environment=environment, timeout=4 * PATIENCE)
    assert done.returncode != 0
    assert "status code 401 when GETing" in done.stderr


def test_certbot(server: Server, key: str, authority: Authority, tmp_path: Path) -> None:
    credentials = tmp_path / "pdns.ini"
    credentials.write_text(tool_block("certificates.md", "certbot: pdns.ini", server, key))
    credentials.chmod(0o600)
    _, (_, *options) = words(tool_block("certificates.md", "certbot: a record", server, key))
    begin = [sys.executable, str(RESOLVING), str(server.dns_port), "certbot.main", *options]
    begin += ["--server", authority.directory, "--agree-tos", "-m", f"a@{ZONE}"]
    begin += ["--non-interactive", "--no-eff-email"]
    begin += ["--config-dir", "config", "--work-dir", "work", "--logs-dir", "logs"]
    succeed(begin, tmp_path, {"REQUESTS_CA_BUNDLE": str(authority.ca)}, 4 * PATIENCE)
    assert_issued(server, tmp_path / "config" / "live" / HOST / "cert.pem")


class AcmeSh:
    """The calls that acme.sh makes with curl, and what it finds in the answers by pattern."""

    def __init__(self, server: Server, key: str, folder: Path) -> None:
        environment, _ = words(tool_block("certificates.md", "acme.sh", server, key))
        self._servers = f"{environment['PDNS_Url']}/api/v1/servers/{environment['PDNS_ServerId']}"
        self._token = environment["PDNS_Token"]
        self._folder = folder

    def _call(self, method: str, path: str, data: str = "", kind: str = "") -> str:
        command = [program("curl"), "--silent", "--fail", "-H", f"X-API-Key: {self._token}"]
        if method != "GET":
            command += ["-X", method, "--data", data]
        if kind:
            command += ["-H", f"Content-Type: {kind}"]
        return succeed([*command, self._servers + path], self._folder, {})

    def zone_of(self, name: str) -> str:
        """The zone of a name, for which it climbs the labels."""
        labels = name.split(".")
        for at in range(len(labels)):
            candidate = ".".join(labels[at:])
            if f'"name":"{candidate}."' in self._call("GET", f"/zones?zone={candidate}."):
                return f"{candidate}."
        raise AssertionError("there is no zone")

    def challenges(self, zone: str, name: str) -> list[str]:
        """The challenges at a name, as its two patterns cut them out of the zone."""
        text = self._call("GET", f"/zones/{zone}")
        rrsets = re.findall(rf'"name":"{name}[^]]*}}', text)
        return [found for rrset in rrsets for found in re.findall(r'content":"\\"([^\\]*)', rrset)]

    def put(self, zone: str, name: str, challenges: list[str]) -> None:
        """Replace the challenges, or delete them."""
        records = ", ".join(
            json.dumps({"content": f'"{one}"', "disabled": False}) for one in challenges
        )
        what = f'"name": "{name}.", "type": "TXT"'
        if challenges:
            change = f'{{"changetype": "REPLACE", {what}, "ttl": 60, "records": [{records}]}}'
        else:
            change = f'{{"changetype": "DELETE", {what}}}'
        self._call("PATCH", f"/zones/{zone}", f'{{"rrsets": [{change}]}}', "application/json")
        self._call("PUT", f"/zones/{zone}/notify")


def test_what_acme_sh_sends_and_reads(server: Server, key: str, tmp_path: Path) -> None:
    acme_sh = AcmeSh(server, key, tmp_path)
    zone = acme_sh.zone_of(CHALLENGE)
    assert zone == f"{ZONE}."
    assert acme_sh.challenges(zone, CHALLENGE) == []
    for value in ("first", "second"):
        acme_sh.put(zone, CHALLENGE, [value, *acme_sh.challenges(zone, CHALLENGE)])
    assert sorted(acme_sh.challenges(zone, CHALLENGE)) == ["first", "second"]
    assert server.answers(CHALLENGE, "TXT") == ['"first"', '"second"']
    acme_sh.put(zone, CHALLENGE, [])
    acme_sh.put(zone, CHALLENGE, ["second"])
    assert acme_sh.challenges(zone, CHALLENGE) == ["second"]
    acme_sh.put(zone, CHALLENGE, [])
    assert server.answers(CHALLENGE, "TXT") == []


def test_lexicon(server: Server, key: str, tmp_path: Path) -> None:
    _, (_, *line) = words(tool_block("powerdns.md", "lexicon", server, key))
    begin = [sys.executable, str(RESOLVING), str(server.dns_port), "lexicon.cli"]
    succeed([*begin, *line], tmp_path, {})
    succeed([*begin, *line[:-1], "another"], tmp_path, {})
    assert server.answers(CHALLENGE, "TXT") == ['"another"', '"token"']
    at = line.index("create")
    assert "token" in succeed([*begin, *line[:at], "list", ZONE, "TXT"], tmp_path, {})
    delete = [*line[:at], "delete", *line[at + 1 :]]
    succeed([*begin, *delete], tmp_path, {})
    assert server.answers(CHALLENGE, "TXT") == ['"another"']
    succeed([*begin, *delete[:-2]], tmp_path, {})
    assert server.answers(CHALLENGE, "TXT") == []


def test_powerdns_cli(server: Server, key: str, operators: str, tmp_path: Path) -> None:
    _, (name, *line) = words(tool_block("powerdns.md", "powerdns-cli", server, key))
    succeed([script(name), *line], tmp_path, {})
    assert server.answers(HOST) == ["198.51.100.7"]
    options = line[line.index("--url") :]
    delete = ["record", "delete", "home", ZONE, "A", "198.51.100.7", "--ttl", "60"]
    succeed([script(name), *delete, *options], tmp_path, {})
    assert server.answers(HOST) == []
    options[-1] = operators
    for command in (["zone", "add", "made.example", "NATIVE"], ["zone", "notify", "made.example"]):
        succeed([script(name), *command, *options], tmp_path, {})
    shown = succeed([script(name), "record", "export", "made.example", *options], tmp_path, {})
    assert {one["type"] for one in json.loads(shown)["rrsets"]} == {"SOA", "NS"}
    succeed([script(name), "zone", "delete", "--force", "made.example", *options], tmp_path, {})
    assert "made.example" not in [zone["origin"] for zone in server.call("zone_list")["zones"]]


FILES = """\
? ''
: - type: CAA
    value: {flags: 0, tag: issue, value: ca.example}
  - type: NS
    value: ns1.octo.example.
  - type: TXT
    values: ['v=spf1 a -all\\;', short]
_sip._tcp: {type: SRV, value: {port: 5060, priority: 1, target: ns1.octo.example., weight: 2}}
alias: {ttl: 60, type: CNAME, value: ns1.octo.example.}
ns1: {type: A, values: [192.0.2.1, 192.0.2.2]}
"""


def test_octodns(server: Server, operators: str, tmp_path: Path) -> None:
    text = tool_block("powerdns.md", "octodns", server, operators)
    text = text.replace("https", "http").replace(f"{ZONE}.:", "octo.example.:")
    (tmp_path / "production.yaml").write_text(text)
    files = tmp_path / "zones" / "octo.example.yaml"
    files.parent.mkdir()
    files.write_text(FILES)
    sync = [script("octodns-sync"), "--config-file", "production.yaml", "--doit"]
    succeed(sync, tmp_path, {})
    assert server.answers("octo.example", "TXT") == ['"short"', '"v=spf1 a -all;"']
    assert server.answers("_sip._tcp.octo.example", "SRV") == ["1 2 5060 ns1.octo.example."]
    assert "No changes were planned" in succeed(sync, tmp_path, {})
    alias = "alias: {ttl: 60, type: A, value: 192.0.2.3}"
    files.write_text(re.sub("alias: .*", alias, FILES).replace("192.0.2.2", "192.0.2.4"))
    succeed(sync, tmp_path, {})
    assert server.answers("alias.octo.example") == ["192.0.2.3"]
    assert server.answers("ns1.octo.example") == ["192.0.2.1", "192.0.2.4"]
    assert "No changes were planned" in succeed(sync, tmp_path, {})
