"""Master files: what is read, what is refused and in what words, and that an export reads back."""

from __future__ import annotations

import os
from pathlib import Path

import dns.zone
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddns.cli import masterfile
from ddns.cli.masterfile_reader import BadMasterFile
from ddns.model import names, records
from ddns.model.masterfile import write
from ddns.model.rows import Row
from tests.model.strategies import wire_names

SOA = "@ 60 IN SOA ns1 hostmaster 7 3600 600 86400 10\n"
HEAD = "$ORIGIN example.net.\n$TTL 300\n" + SOA


def read(
    tmp_path: Path, text: str, *, origin: str | None = None, folders: tuple[Path, ...] = ()
) -> masterfile.MasterFile:
    path = tmp_path / "zone"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    apex = None if origin is None else names.from_text(origin)
    return masterfile.read(path, origin=apex, folders=folders)


def shown(zone: masterfile.MasterFile) -> list[str]:
    return [line.replace("\t", " ") for line in write(zone.rows)]


def test_a_zone(tmp_path: Path) -> None:
    zone = read(
        tmp_path,
        HEAD
        + r"""
        IN NS ns1
ns1     A 192.0.2.1
        AAAA 2001:db8::1
www 5   CNAME ns1.example.net.
*.wild  MX 10 mail.other.example.
UPPER   TXT "a;b" c ; not a comment of the text
multi   IN 10 TXT ( "one"
                    "two" )
a\.b    A 192.0.2.2
\097    A 192.0.2.3
typed   TYPE65280 \# 3 0a0b0c
_dns._tcp SRV 0 5 53 ns1
$ORIGIN sub.example.net.
deep    A 192.0.2.4
""",
    )
    assert names.to_text(zone.origin) == "example.net"
    assert (zone.serial, zone.ignored) == (7, 0)
    lines = shown(zone)
    assert sorted(lines) == sorted(
        [
            "example.net. 60 IN SOA ns1.example.net. hostmaster.example.net. 7 3600 600 86400 10",
            "example.net. 300 IN NS ns1.example.net.",
            "ns1.example.net. 300 IN A 192.0.2.1",
            "ns1.example.net. 300 IN AAAA 2001:db8::1",
            "www.example.net. 5 IN CNAME ns1.example.net.",
            "*.wild.example.net. 300 IN MX 10 mail.other.example.",
            'upper.example.net. 300 IN TXT "a;b" "c"',
            'multi.example.net. 10 IN TXT "one" "two"',
            r"a\.b.example.net. 300 IN A 192.0.2.2",
            "a.example.net. 300 IN A 192.0.2.3",
            r"typed.example.net. 300 IN TYPE65280 \# 3 0a0b0c",
            "_dns._tcp.example.net. 300 IN SRV 0 5 53 ns1.example.net.",
            "deep.sub.example.net. 300 IN A 192.0.2.4",
        ]
    )
    assert zone.rows == sorted(zone.rows)


def test_text_of_several_strings(tmp_path: Path) -> None:
    strings = " ".join(f'"{letter * 255}"' for letter in "ab")
    zone = read(tmp_path, HEAD + f"_validation-persist TXT {strings}\n")
    assert f"_validation-persist.example.net. 300 IN TXT {strings}" in shown(zone)


def test_without_origin_the_soa_names_it(tmp_path: Path) -> None:
    zone = read(
        tmp_path,
        "example.net. 60 IN SOA ns1.example.net. me.example.net. 7 1 2 3 4\nwww 60 A 192.0.2.1\n",
    )
    assert "www.example.net. 60 IN A 192.0.2.1" in shown(zone)


def test_the_default_ttl(tmp_path: Path) -> None:
    zone = read(
        tmp_path, "$ORIGIN example.net.\n" + SOA + "a A 192.0.2.1\n$TTL 1h\nb A 192.0.2.1\n"
    )
    assert "b.example.net. 3600 IN A 192.0.2.1" in shown(zone)


def test_the_least_ttl_of_an_rrset_counts(tmp_path: Path) -> None:
    zone = read(tmp_path, HEAD + "a 50 A 192.0.2.1\na 40 A 192.0.2.2\na 60 A 192.0.2.3\n")
    assert [line for line in shown(zone) if line.startswith("a.")] == [
        f"a.example.net. 40 IN A 192.0.2.{number}" for number in (1, 2, 3)
    ]


def test_the_same_record_twice_is_one(tmp_path: Path) -> None:
    zone = read(tmp_path, HEAD + "a A 192.0.2.1\nA A 192.0.2.1\n")
    assert len(zone.rows) == 2


def test_what_lies_outside_is_ignored_and_counted(tmp_path: Path) -> None:
    zone = read(tmp_path, HEAD + "a.other. A 192.0.2.1\nxexample.net. A 192.0.2.1\na A 192.0.2.1\n")
    assert zone.ignored == 2
    assert [names.to_text(row[0]) for row in zone.rows] == ["a.example.net", "example.net"]


def test_an_international_name(tmp_path: Path) -> None:
    zone = read(tmp_path, HEAD + "faß A 192.0.2.1\nb CNAME faß\n")
    assert "xn--fa-hia.example.net. 300 IN A 192.0.2.1" in shown(zone)
    assert "b.example.net. 300 IN CNAME xn--fa-hia.example.net." in shown(zone)


def test_included_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "more").write_text("www A 192.0.2.1\n")
    (tmp_path / "other").write_text("www A 192.0.2.2\n")
    monkeypatch.chdir(tmp_path)
    zone = read(
        tmp_path, HEAD + "$INCLUDE more\n$INCLUDE other sub.example.net.\nlast A 192.0.2.3\n"
    )
    assert {line for line in shown(zone) if " A " in line} == {
        "www.example.net. 300 IN A 192.0.2.1",
        "www.sub.example.net. 300 IN A 192.0.2.2",
        "last.example.net. 300 IN A 192.0.2.3",
    }


def test_an_origin_that_is_given(tmp_path: Path) -> None:
    text = "$TTL 60\n@ IN SOA ns1 hm 7 1 2 3 4\n@ NS ns1\nns1 A 192.0.2.1\n"
    zone = read(tmp_path, text, origin="example.net")
    assert "example.net. 60 IN NS ns1.example.net." in shown(zone)
    assert zone.warnings == []
    with pytest.raises(BadMasterFile, match=r"zone:3: an SOA of example\.net in"):
        read(tmp_path, "$ORIGIN example.net.\n" + text, origin="example.org")
    with pytest.raises(BadMasterFile, match="there is no SOA"):
        read(tmp_path, "a.example.net. 60 A 192.0.2.1\n", origin="example.net")


def test_a_zone_without_servers(tmp_path: Path) -> None:
    assert read(tmp_path, HEAD + "a NS b\n").warnings == [
        "zone example.net has no NS records of its own"
    ]


# Included files --------------------------------------------------------------------------------


def test_a_link_or_path_out_of_the_folder(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    (inside / "deep").mkdir(parents=True)
    outside.mkdir()
    (outside / "file").write_text("a A 192.0.2.1\n")
    (inside / "link").symlink_to(outside / "file")
    (inside / "folder").symlink_to(outside)
    (inside / "deep" / "up").symlink_to(inside / "deep" / "file")
    (inside / "deep" / "file").write_text("b A 192.0.2.2\n")
    for name in ("link", "folder/file", "../outside/file", str(outside / "file"), "/dev/zero"):
        with pytest.raises(BadMasterFile, match=r":4: .* is not in the file's folder or one of"):
            read(inside, f"{HEAD}$INCLUDE {name}\n")
    for name in ("link", "folder/file", "../outside/file", str(outside / "file"), "file"):
        zone = read(inside, f'{HEAD}$INCLUDE "{name}"\n', folders=(outside,))
        assert "a.example.net. 300 IN A 192.0.2.1" in shown(zone)
    assert len(read(inside, HEAD + "$INCLUDE deep/up\n").rows) == 2


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "pipe"):
        with pytest.raises(BadMasterFile, match=rf"zone:4: .*{name} is not a regular file"):
            read(tmp_path, f"{HEAD}$INCLUDE {name}\n")
    with pytest.raises(BadMasterFile, match=r"zone:4: .*: File name too long"):
        read(tmp_path, f"{HEAD}$INCLUDE {'x' * 300}\n")


def test_an_error_in_an_included_file_names_it(tmp_path: Path) -> None:
    (tmp_path / "more").write_text("\n\nb A 192.0.2\n")
    with pytest.raises(BadMasterFile, match=f"^{tmp_path / 'more'}:3: "):
        read(tmp_path, HEAD + "$INCLUDE more\n")


def test_a_file_that_includes_itself(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(BadMasterFile, match="zone:4: files include one another more than 10 deep"):
        read(tmp_path, HEAD + "$INCLUDE zone\n")
    assert len(os.listdir("/proc/self/fd")) == before


def test_an_soa_in_an_included_file_names_the_origin(tmp_path: Path) -> None:
    (tmp_path / "soa").write_text("example.net. 60 SOA ns1 hm 7 1 2 3 4\n$ORIGIN a.b.\n")
    zone = read(tmp_path, "$INCLUDE soa\nwww 60 A 192.0.2.1\n")
    assert "www.example.net. 60 IN A 192.0.2.1" in shown(zone)


def test_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("a TXT (" + "x \n" * 2**19, "; " + "x" * 2**20, 'a TXT "' + "x" * 2**20):
        with pytest.raises(BadMasterFile, match=r"zone:\d+: an entry is over 1048576 octets"):
            read(tmp_path, HEAD + text)
    monkeypatch.setattr("ddns.cli.masterfile_text.MAX_OCTETS", 300)
    (tmp_path / "more").write_text(";" * 100)
    with pytest.raises(BadMasterFile, match=r"more:1: over 300 octets, included files among them"):
        read(tmp_path, HEAD + "$INCLUDE more\n" * 3)


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("", "no SOA"),
        ("a.example. 60 IN A 192.0.2.1\n", "no SOA"),
        (
            HEAD + "other.example. 60 SOA a. b. 1 2 3 4 5\n",
            ":4: an SOA of other.example in zone example.net",
        ),
        (HEAD + "@ SOA a. b. 1 2 3 4 5\n", ":4: several SOA records at example.net"),
        ("@ 60 IN SOA a b 1 2 3 4 5\n", ":1: @ is relative"),
        ("a. 60 IN MX 1 b\na. 60 SOA a. b. 1 2 3 4 5\n", ":1: a name is relative"),
        (
            HEAD + "a CNAME b\na A 192.0.2.1\n",
            ":4: a.example.net is an alias and has other records",
        ),
        (HEAD + "a A 192.0.2.1\na CNAME b\n", ":5: a.example.net is an alias"),
        (HEAD + "@ CNAME b\n", "example.net is an alias"),
        (HEAD + "a CNAME b\na CNAME c\n", ":5: several CNAME records at a.example.net"),
        (HEAD + "a DNAME b\na DNAME c\n", "several DNAME records"),
        (HEAD + "a A 192.0.2\n", ":4: this is no A rdata"),
        (HEAD + "a A\n", ":4"),
        (HEAD + "a NOPE x\n", ":4"),
        (HEAD + "a CH A 192.0.2.1\n", ":4"),
        (HEAD + 'a TXT "open\n', ":4"),
        (HEAD + "a TXT ( x\n", ":4"),
        (HEAD + "a A\n 192.0.2.1\n", ":4"),
        (HEAD + "a A ) 192.0.2.1\n", ":4"),
        (HEAD + "a 2147483648 A 192.0.2.1\n", ":4: a TTL is 0 to 2147483647 seconds"),
        (HEAD + "a 99999999999 A 192.0.2.1\n", ":4: a TTL is 0 to 2147483647 seconds"),
        (HEAD + "a 1x A 192.0.2.1\n", ":4: a TTL is"),
        (HEAD + "$TTL 2147483648\n", ":4: a TTL is"),
        (HEAD + "$TTL\n", ":4: the entry ends early"),
        (HEAD + "$TTL 1 2\n", ":4"),
        (HEAD + "$ORIGIN\n", ":4: the entry ends early"),
        (HEAD + "$ORIGIN a b\n", ":4"),
        (" A 192.0.2.1\n", ":1: there is no owner name"),
        ("a. A 192.0.2.1\n", ":1: there is no TTL"),
        (HEAD + "a IN IN A 192.0.2.1\n", ":4: 'IN' is not a record type"),
        (HEAD + "a CLASS3 A 192.0.2.1\n", ":4: the class is IN, and not CLASS3"),
        (HEAD + "a TYPE41 \\# 0\n", ":4: TYPE41 is not a type that a zone can hold"),
        (HEAD + "a ANY \\# 0\n", ":4: ANY is not a type"),
        (HEAD + "a TSIG \\# 0\n", ":4: TSIG is not a type"),
        (HEAD + "a TYPE0 \\# 0\n", ":4: TYPE0 is not a type"),
        (HEAD + "a TXT " + " ".join(["x" * 255] * 257) + "\n", ":4: rdata is over 65535 octets"),
        (HEAD + "$GENERATE 1-2 a\n", ":4: the entry ends early"),
        (HEAD + "$GENERATE 2-1 a$ A 192.0.2.1\n", ":4: '2-1' is not a range"),
        (HEAD + "$GENERATE 1-2 a$ A 192.0.2.1 x\n", ":4"),
        (HEAD + "$GENERATE 1-2 a$ A 192.0.2\n", ":4"),
        (HEAD + "$GENERATE 1-2 a$ TYPE41 x\n", ":4: TYPE41"),
        (HEAD + "$GENERATE 1-2 a${x} A 192.0.2.1\n", ":4: 'a${x}': expected"),
        (HEAD + "$GENERATE 1-1048577 a$ A 192.0.2.1\n", ":4: there may be 1048576"),
        ("$GENERATE 1-2 a$. A 192.0.2.1\n", ":1: there is no TTL"),
        (HEAD + "a..b A 192.0.2.1\n", ":4"),
        (HEAD + "x" * 64 + " A 192.0.2.1\n", ":4"),
        (HEAD + r"a\999 A 192.0.2.1" + "\n", ":4"),
        (HEAD + "$NONSENSE\n", ":4"),
        (HEAD + "$TTL soon\n", ":4"),
        (HEAD + "$INCLUDE missing\n", "missing: No such file"),
        ("\x1f\udc8b\x08\x00", ":1: it is compressed"),
        ("\udcff\udcfea\x00", ":1: it is UTF-16"),
        (HEAD + "a\x00 A 192.0.2.1\n", ":4: there is a NUL"),
        ("\x00\x01\x02", ":1: there is a NUL"),
    ],
)
def test_what_is_no_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, about: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadMasterFile) as raised:
        read(tmp_path, text)
    message = str(raised.value)
    assert about in message
    assert "Error" not in message
    assert "\n" not in message
    assert str(tmp_path / "zone") in message or "missing" in message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(BadMasterFile, match=f"{path}: {why}"):
            masterfile.read(path)


def test_progress_is_told(tmp_path: Path) -> None:
    path = tmp_path / "zone"
    path.write_text(HEAD + "".join(f"h{number} A 192.0.2.1\n" for number in range(10_000)))
    told: list[int] = []
    masterfile.read(path, told.append)
    assert sum(told) > path.stat().st_size * 0.6
    assert sum(told) <= path.stat().st_size


TYPES = (records.A, records.TXT, records.MX, records.SRV, records.NS, 65280)


@st.composite
def rows_of_a_zone(draw: st.DrawFn) -> list[Row]:
    origin = draw(wire_names.filter(lambda name: len(name) < 100))
    times = b"".join(number.to_bytes(4, "big") for number in (7, 1, 2, 3, 4))
    rows = {(origin, records.SOA): (60, records.pack_rdatas([origin + b"\x01m\x00" + times]))}
    for _ in range(draw(st.integers(0, 5))):
        owner = draw(st.binary(min_size=1, max_size=20).map(bytes.lower))
        number = draw(st.sampled_from(TYPES))
        rdata = {
            records.A: st.binary(min_size=4, max_size=4),
            records.TXT: st.binary(max_size=50).map(lambda text: bytes((len(text),)) + text),
            records.MX: wire_names.map(lambda name: b"\x00\x05" + name),
            records.SRV: wire_names.map(lambda name: bytes(6) + name),
            records.NS: wire_names,
            65280: st.binary(max_size=50),
        }[number]
        packed = records.pack_rdatas(draw(st.lists(rdata, min_size=1, max_size=3, unique=True)))
        rows[bytes((len(owner),)) + owner + origin, number] = (
            draw(st.integers(0, 2**31 - 1)),
            packed,
        )
    return sorted((owner, number, *rest) for (owner, number), rest in rows.items())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows_of_a_zone())
def test_what_was_written_reads_back(tmp_path: Path, rows: list[Row]) -> None:
    """Whatever octets the names and strings are made of."""
    soa_first = sorted(rows, key=lambda row: row[1] != records.SOA)
    zone = read(tmp_path, "\n".join(write(soa_first)) + "\n")
    assert zone.rows == rows
    assert (zone.serial, zone.ignored) == (7, 0)


def test_what_was_written_is_what_dnspython_reads(tmp_path: Path) -> None:
    zone = read(tmp_path, HEAD + '@ NS ns1\nns1 A 192.0.2.1\nt TXT "a\\"b" \\255\n')
    text = "\n".join(write(zone.rows))
    theirs = dns.zone.from_text(text, "example.net.", relativize=False)
    ours = {(row[0], row[1]) for row in zone.rows}
    assert {(name.to_wire(), int(r.rdtype)) for name, r in theirs.iterate_rdatasets()} == ours


def test_the_root(tmp_path: Path) -> None:
    zone = read(tmp_path, "$ORIGIN .\n. 60 IN SOA a. b. 7 1 2 3 4\ncom 60 NS a.com.\n")
    assert zone.origin == names.ROOT
    assert shown(zone) == [
        ". 60 IN SOA a. b. 7 1 2 3 4",
        "com. 60 IN NS a.com.",
    ]


def test_an_error_is_about_the_line_where_its_entry_began(tmp_path: Path) -> None:
    for text in ("a A 192.0.2", "a A", 'a TXT ( x\n y\n z ) "', "a TXT (\n\n", " A x ; comment"):
        with pytest.raises(BadMasterFile) as raised:
            read(tmp_path, HEAD + "; comment\n\nx A 192.0.2.1\n" + text + "\n\nb A 192.0.2.1\n")
        assert f"{tmp_path / 'zone'}:7: " in str(raised.value)
