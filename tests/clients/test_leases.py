"""The client that asks for leases: nsupdate since BIND 9.20."""

from __future__ import annotations

from pathlib import Path

from tests.clients.later import later_nsupdate
from tests.conftest import ACCOUNT, HOST, ZONE
from tests.processes import Server, eventually
from tests.programs import run


def test_nsupdate(server: Server, tmp_path: Path) -> None:
    command = later_nsupdate(tmp_path)
    server.with_settings("[dns]\nlease_min = 2\n").restart()
    key = server.call("key_add", account=ACCOUNT, kind="tsig", hosts=[HOST])
    signed = ["-d", "-y", f"{key['algorithm']}:{key['name']}:{key['key']}"]

    def send(lease: str) -> None:
        text = (
            f"server 127.0.0.1 {server.dns_port}\nzone {ZONE}\nlease {lease}\n"
            f"update add {HOST} 60 A 198.51.100.7\nsend\n"
        )
        done = run([*command, *signed], text_in=text)
        assert done.returncode == 0, done.stderr
        answer = (done.stdout + done.stderr).rpartition("Reply from update query:")[2]
        assert ("NOERROR" in answer, "UPDATE-LEASE" in answer) == (True, lease != "none")

    send("600 1200")
    send("2")
    assert server.answers(HOST) == ["198.51.100.7"]
    eventually(lambda: server.answers(HOST) == [], "the lease ended")
    send("2")
    send("none")
    assert server.answers(HOST) == ["198.51.100.7"]
