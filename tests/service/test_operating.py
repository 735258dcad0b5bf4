"""docs/operating.md, block by block, on a machine that has nothing but the installed program."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

from tests import certificates
from tests.booting import ROOT, Machine
from tests.programs import program

PAGE = (ROOT / "docs" / "operating.md").read_text()
NAME = "ddns.dyn.example.net"
PRELUDE = "set -e; PATH=/opt/ddns/bin:$PATH; export CURL_CA_BUNDLE=/etc/ca.pem; cd {folder}\n"


def blocks(heading: str) -> list[str]:
    """The blocks of a section that an operator runs as they are."""
    section = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    (text,) = [one for one in section if one.startswith(heading + "\n")]
    found: list[str] = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return found


def play(machine: Machine, text: str, folder: str = "/opt/src") -> list[str]:
    """Run a block; the lines that it writes."""
    done = machine.run("sh", "-c", PRELUDE.format(folder=folder) + text)
    assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}\n{machine.journal()}"
    return done.stdout.splitlines()


def test_from_nothing_to_a_service(machine: Machine, tmp_path: Path) -> None:
    for name in ("dig", "curl", "pkill"):
        program(name)
    (machine.root / "etc" / "hosts").write_text(f"203.0.113.5 {NAME}\n127.0.0.1 localhost\n")
    assert machine.run("ip", "address", "add", "203.0.113.5/32", "dev", "lo").returncode == 0
    shutil.rmtree(machine.root / "etc" / "ddns")
    (machine.root / "var" / "lib" / "ddns").mkdir()

    (install,) = blocks("Install")
    assert play(machine, install)[-1] == "/etc/ddns/ddns.toml: a server can use these settings"
    (machine.root / "var" / "lib" / "ddns").rmdir()  # which the service makes
    (start,) = blocks("Start")
    assert play(machine, start)[-2].endswith("answers for 0 zones")

    (zone,) = blocks("A zone")
    assert play(machine, zone, "/var/lib/ddns")[-1] == "ns1.dyn.example.net."
    (user,) = blocks("A first user")
    said = " ".join(play(machine, user, "/var/lib/ddns"))
    (key,) = re.findall(r"\b[A-Za-z0-9]{24}\b", said)

    pair = certificates.make(tmp_path, NAME)
    shutil.copy(pair.certificate, machine.root / "etc" / "ca.pem")
    lineage = machine.root / "etc" / "letsencrypt"
    lineage.mkdir()
    for source, name in ((pair.certificate, "fullchain.pem"), (pair.private_key, "privkey.pem")):
        shutil.copy(source, machine.root / "etc" / "ddns" / name)
        shutil.copy(source, lineage / name)
    (tls,) = blocks("TLS")
    assert play(machine, tls.replace("KEY", key))[-2:] == ["good 198.51.100.7", "198.51.100.7"]

    hooks = f"export CERTBOT_DOMAIN={NAME} CERTBOT_VALIDATION=-token_{'x' * 36}\n"
    ask = f"dig @203.0.113.5 _acme-challenge.{NAME} TXT +short\n"
    said = play(machine, f"{hooks}deploy/acme/authenticate >/dev/null; {ask}")[-1]
    assert shlex.split(said) == [f"-token_{'x' * 36}"]
    assert play(machine, f"{hooks}deploy/acme/clean-up >/dev/null; {ask}") == []
    before = machine.systemctl("show", "--value", "-p", "MainPID", "ddns.service")
    play(machine, "RENEWED_LINEAGE=/etc/letsencrypt deploy/acme/use")
    assert machine.systemctl("show", "--value", "-p", "MainPID", "ddns.service") != before
    assert play(machine, f"curl -sS https://{NAME}/ip") == ["203.0.113.5"]

    copy, restore = blocks("Backups")
    (file,) = play(machine, copy)
    backups = machine.root / "var" / "backups" / "ddns"
    assert [path.name for path in backups.iterdir()] == [file]
    assert (backups / file).stat().st_mode & 0o777 == 0o600
    play(machine, "ddns host remove home.dyn.example.net", "/var/lib/ddns")
    assert play(machine, restore, "/var/lib/ddns")[-1].startswith("no faults in 1 zone,")
    assert play(machine, "dig @203.0.113.5 home.dyn.example.net A +short") == ["198.51.100.7"]
    (monitoring,) = blocks("Monitoring")
    assert play(machine, monitoring)[-2:] == ["ok", "ddns_zones 1.0"]
    timers = machine.systemctl("list-timers", "--no-pager", "ddns-backup.timer")
    assert "ddns-backup.service" in timers
