"""What the command tells of the server's own certificate."""

from __future__ import annotations

import argparse
from typing import Any, cast

from ddns.cli.client import Client
from ddns.cli.server import certificate_renew, status

CERTIFICATE = {
    "directory": "https://ca.example/directory",
    "names": ["old.example.net"],
    "wanted": ["new.example.net", "*.example.net"],
    "keys": ["ecdsa"],
    "issuer": "CA",
    "expires": "2027-01-01T12:00:00.000+00:00",
    "renewal": "2026-12-01T12:00:00.000+00:00",
    "issued_at": None,
    "failed_at": "2026-11-30T12:00:00.000+00:00",
    "ordering": False,
    "problem": "no luck",
    "failures": 1,
}


class Answers:
    """A server with a certificate of its own."""

    def __init__(self, **different: Any) -> None:
        self._certificate = {**CERTIFICATE, **different}

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Answer what is asked of the certificate."""
        if operation == "certificate_renew":
            return self._certificate
        assert operation == "status"
        about = {"version": "1.2.3", "zones": 1, "warnings": []}
        about |= {"compiled": False, "fast_path": "switched off"}
        return {**about, "certificate": self._certificate}


def lines_of(**different: Any) -> list[str]:
    """What ``ddns certificate renew`` prints."""
    client = cast(Client, Answers(**different))
    return list(certificate_renew(client, argparse.Namespace()).lines)


def test_a_certificate_for_other_names_than_those_wanted() -> None:
    first, second, *_ = lines_of()
    assert first.startswith("certificate for old.example.net: ecdsa, issued by CA")
    assert second == "by the settings it is to be for new.example.net, *.example.net"


def test_a_certificate_for_those_wanted() -> None:
    assert not any("settings" in line for line in lines_of(wanted=["old.example.net"]))


def test_times_are_local() -> None:
    certificate, _, due, failed = lines_of()
    assert certificate.endswith("expires 2027-01-01 13:00:00 CET")
    assert due == "the next order is due 2026-12-01 13:00:00 CET"
    assert failed == "warning: the last order failed 2026-11-30 13:00:00 CET: no luck"


def test_the_status_has_the_same_lines() -> None:
    first, fast_path, *rest = status(cast(Client, Answers()), argparse.Namespace()).lines
    assert first == "ddns 1.2.3 answers for 1 zone"
    assert fast_path == "fast path: in Python: switched off"
    assert rest == lines_of()
