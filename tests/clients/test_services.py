"""What OpenWrt's ddns-scripts and ddns-updater fetch for each service whose protocol is spoken
here, and what they take for a success; and the lines for curl that services document.

OpenWrt's scripts put values in the places of a URL, fetch it by wget or curl, and look for words in
the answer. Here wget asks for the URL with another server's name in it, and curl as it stands, with
the service's name leading to us.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from tests.clients.documented import LOOPBACK, Place
from tests.conftest import ACCOUNT, HOST
from tests.programs import program, run

CASES = Path(__file__).parents[1] / "cases" / "programs"
AGENT = "DDNS-Updater quentin.mcgaw@gmail.com"


def services(program: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((CASES / f"{program}.toml").read_text())["service"]
    return found


@pytest.fixture
def addresses() -> Iterator[str]:
    """Another one each time."""
    return (f"198.51.100.{number}" for number in count(1))


class Keys:
    """Keys of each kind, those for updates limited to the host."""

    def __init__(self, place: Place) -> None:
        key = place.server.call("key_add", account=ACCOUNT, hosts=[HOST])["key"]
        self._by_kind = {"update": key, "dondns": place.dondns_key}

    def filled(self, text: str, service: Mapping[str, Any], address: str, wrong: str = "") -> str:
        """A text with values in its places, escaped where it is a URL."""
        values = {
            "USERNAME": service.get("username", ACCOUNT),
            "PASSWORD": wrong or self._by_kind[service.get("kind", "update")],
            "DOMAIN": service.get("domain", HOST),
            "IP": address,
        }
        return re.sub(r"\[([A-Z]+)\]", lambda found: quote(values[found[1]], safe=""), text)


def fetched_by_wget(place: Place, url: str, folder: Path) -> str:
    split = urlsplit(url)
    here = f"{LOOPBACK}:{place.server.http_port}"
    at = f"{split.username}:{split.password}@{here}" if split.username else here
    answer = folder / "answer"
    answer.write_text("")
    target = split._replace(netloc=at).geturl()
    files = ["-O", str(answer), "-o", str(folder / "errors")]
    run(
        [program("wget"), "--no-netrc", "--no-hsts", "-nv", "-t", "1", *files, target],
        folder=folder,
    )
    return answer.read_text()


def fetched_by_curl(place: Place, url: str, folder: Path) -> str:
    answer = folder / "answer"
    answer.write_text("")
    there = f"{urlsplit(url).hostname}:80:{LOOPBACK}:{place.server.http_port}"
    files = ["-o", str(answer), "--stderr", str(folder / "errors")]
    command = [program("curl"), "-RsS", *files, "--noproxy", "*", "--connect-to", there, url]
    run(command, folder=folder)
    return answer.read_text()


@pytest.mark.parametrize("fetched", [fetched_by_wget, fetched_by_curl])
def test_openwrt(place: Place, addresses: Iterator[str], fetched: Any, tmp_path: Path) -> None:
    """All with one server."""
    keys = Keys(place)
    for service in services("openwrt"):
        name, words, before = service["name"], service.get("answer"), place.server.answers(HOST)
        url = keys.filled(service["url"], service, next(addresses), wrong="wrongwrongwrong")
        answer = fetched(place, url, tmp_path)
        assert not (words and re.search(words, answer)), (name, answer)
        assert place.server.answers(HOST) == before, name
        address = next(addresses)
        url = keys.filled(service["url"], service, address)
        for _ in range(2):
            answer = fetched(place, url, tmp_path)
            assert answer, name
            assert not words or re.search(words, answer), (name, answer)
            assert place.server.answers(HOST) == [address], (name, answer)


def test_ddns_updater(place: Place, addresses: Iterator[str], tmp_path: Path) -> None:
    """All with one server. A host that is another account's is no success either."""
    keys, marker = Keys(place), "\n==="
    place.server.call("account_add", name="bob")
    place.server.call("host_add", name=f"bobs.{HOST}", account="bob")

    def ask(service: Mapping[str, Any], address: str, wrong: str = "") -> tuple[bool, str]:
        url = keys.filled(service["url"], service, address, wrong)
        there = f"{urlsplit(url).hostname}:80:{LOOPBACK}:{place.server.http_port}"
        command = [program("curl"), "-sS", "-A", AGENT, "--connect-to", there]
        said = run([*command, "-w", marker + "%{http_code}", url], folder=tmp_path).stdout
        body, _, status = said.rpartition(marker)
        pattern = service.get("answer", "").replace("[IP]", re.escape(address))
        return status == "200" and bool(re.search(pattern, body)), said

    for service in services("ddns-updater"):
        name, before = service["name"], place.server.answers(HOST)
        done, said = ask(service, next(addresses), wrong="wrongwrongwrong")
        assert not done, (name, said)
        if "[DOMAIN]" in service["url"]:
            others = {**service, "domain": f"bobs.{HOST}", "username": ACCOUNT}
            done, said = ask(others, next(addresses))
            assert not done, (name, said)
        assert place.server.answers(HOST) == before, name
        address = service.get("ip") or next(addresses)
        for _ in range(2):
            done, said = ask(service, address)
            assert done, (name, said)
            assert place.server.answers(HOST) == [address], (name, said)


HE = "http://dyn.dns.he.net/nic/update"
DOCUMENTED = {
    "DuckDNS, from standard input": ["-k", "-K", "-"],
    "DuckDNS, text": ["http://www.duckdns.org/update?domains=home&token=KEY&txt=TEXT"],
    "DuckDNS, without parameters": ["http://www.duckdns.org/update/home/KEY/ADDRESS"],
    "HE": [f"{HE}?hostname={HOST}&password=KEY&myip=ADDRESS"],
    "HE, by POST": [HE, "-d", f"hostname={HOST}", "-d", "password=KEY", "-d", "myip=ADDRESS"],
    "HE, with a header": [f"http://{HOST}:KEY@dyn.dns.he.net/nic/update?hostname={HOST}"],
    "HE, text": [HE, "-d", f"hostname={HOST}", "-d", "password=KEY", "-d", "txt=TEXT"],
}
"""Arguments of curl."""
CONFIGURATION = 'url="http://www.duckdns.org/update?domains=home&token=KEY&ip="'


def test_lines_that_services_document(place: Place, addresses: Iterator[str]) -> None:
    """With the services' names, which lead to us. A key that is limited to the host tells which is
    called ``home``."""
    key = place.server.call("key_add", account=ACCOUNT, hosts=[HOST])["key"]
    for number, (name, arguments) in enumerate(DOCUMENTED.items()):
        address, text = next(addresses), f"text of {number}"
        line = "\n".join(arguments).replace("KEY", key).replace("ADDRESS", address)
        there = [f"::{LOOPBACK}:{place.server.http_port}", *line.replace("TEXT", text).split("\n")]
        if "http" in there[1]:
            there[1] = there[1].replace(" ", "%20")
        command = [program("curl"), "-s", "--connect-to", *there]
        said = run(command, text_in=CONFIGURATION.replace("KEY", key)).stdout
        assert said.startswith(("OK", "good ")), (name, said)
        if "TEXT" in line:
            assert place.server.answers(HOST, "TXT") == [f'"{text}"'], name
        else:
            expected = address if address in line else LOOPBACK
            assert place.server.answers(HOST) == [expected], name
