"""What clients log in with, by every dialect, is nowhere to be found."""

from __future__ import annotations

import sqlite3
from hashlib import md5
from pathlib import Path

import pytest

from tests.conftest import ACCOUNT, HOST, Launch
from tests.processes import Server, basic, eventually
from tests.service.dialects import (
    OTHER_SERVICES,
    PASSWORD,
    UPDATES,
    WRONG,
    Secrets,
    filled,
    locked,
    speaking_all,
)


@pytest.fixture
def server(make_server: Launch) -> Server:
    return filled(speaking_all(make_server()))


def test_secrets_are_nowhere_to_be_found(server: Server, secrets: Secrets) -> None:
    """Right and wrong ones, through every dialect, while all is well, while the store fails, and
    while a mistake of ours leaves a traceback in the log."""
    password = Secrets(PASSWORD, PASSWORD, PASSWORD)

    def everything(address: str) -> None:
        for update in UPDATES.values():
            for given in (secrets, WRONG, password):
                update(server, given, address)
        for other in OTHER_SERVICES.values():
            other(server, secrets, address)

    for other in OTHER_SERVICES.values():
        for given in (WRONG, password):
            other(server, given, "198.51.100.1")
    everything("198.51.100.1")
    with locked(server.database):
        everything("198.51.100.2")
    assert "locked" in server.log
    with sqlite3.connect(server.database) as connection:
        connection.execute("update rrset set ttl = -1 where of_host = 1")
    connection.close()
    everything("198.51.100.3")
    eventually(lambda: "Traceback" in server.log, "a mistake has left a traceback")
    assert server.terminate() == 0

    clear = [*secrets.all, PASSWORD]
    clear += WRONG.all
    digest = md5(secrets.miniupdate.encode())
    found = {
        path.name: path.read_bytes()
        for path in server.folder.iterdir()
        if path.is_file() and not path.name.endswith(".key")
    }
    assert {"log", "ddns.sqlite"} <= found.keys()
    for name, content in found.items():
        for secret in clear:
            assert secret.encode() not in content, (name, secret)
            assert basic(f"{ACCOUNT}:{secret}").split()[1].encode() not in content, name
        assert digest.hexdigest().encode() not in content, name
        assert digest.digest() not in content, name


def test_a_copy_of_the_database_alone_opens_nothing(
    server: Server, secrets: Secrets, tmp_path: Path
) -> None:
    """Whoever has it may try everything that is in it as a secret of any kind."""
    assert all(update(server, secrets, "198.51.100.9")[0] for update in UPDATES.values())
    assert server.terminate() == 0
    with sqlite3.connect(server.database) as connection:
        kept: list[str] = []
        for (value,) in connection.execute(
            "select digest from key union all select sealed from key"
            " union all select password from account"
        ):
            if isinstance(value, bytes):
                kept += [value.hex(), value.decode("latin-1")]
            elif value is not None:
                kept.append(value)
    connection.close()
    (tmp_path / "ddns.sqlite.key").unlink()
    server.start()
    for value in kept:
        tried = value.encode("ascii", "replace").decode().replace("\n", "?")
        tries = [("dyndns2", tried)]  # as a password, which costs the server 0.1 s
        tries += [("DonDNS, plain", tried[:24]), ("miniupdate", tried[:15])]
        for way, secret in tries:
            done, said = UPDATES[way](server, Secrets(secret, secret, secret), "198.51.100.10")
            assert not done, said
    assert not UPDATES["miniupdate"](server, secrets, "198.51.100.10")[0]
    assert server.answers(HOST) == ["198.51.100.9"]
