"""What the documents say is there, and what is there they say."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ddns.cli.main import parser
from ddns.config.settings import Settings
from tests.conftest import Launch
from tests.programs import run, script

ROOT = Path(__file__).parents[1]
FIRST_SCREEN = 24
"""Lines that a newcomer sees without scrolling."""


def read(name: str) -> str:
    return (ROOT / name).read_text()


@pytest.mark.parametrize("command", ["./run", "./test"])
def test_the_first_screen_shows_what_to_run(command: str) -> None:
    shown = read("README.md").splitlines()[:FIRST_SCREEN]
    assert f"    {command}" in shown
    path = ROOT / command
    assert path.is_file()
    assert os.access(path, os.X_OK)


@pytest.mark.parametrize(
    "document",
    [
        "README.md",
        "CHANGELOG.md",
        *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")),
    ],
)
def test_links_lead_somewhere(document: str) -> None:
    targets = re.findall(r"\]\(([^)#]+)", read(document))
    for target in targets:
        if "://" not in target:
            assert (ROOT / document).parent.joinpath(target).exists(), target


def test_what_rotates_the_log_knows_where_it_is() -> None:
    started = read("docs/supervisors.md")
    (log,) = re.findall(r"--logfile=(\S+)", started)
    (pid,) = re.findall(r"--pidfile=(\S+)", started)
    rotated = read("docs/monitoring.md")
    assert f"    {log} {{\n" in rotated
    assert f"kill -USR1 $(cat {pid})\n" in rotated


SHOWN_BY_TESTS = {"docs/dialects.md": "| the document |", "docs/security.md": "| danger |"}
"""Documents whose rules name the tests that show them, and how their tables begin."""


def references() -> list[str]:
    found = {
        named
        for document in SHOWN_BY_TESTS
        for named in re.findall(r"`(tests/[^`]*)`", read(document))
    }
    return sorted(found - {"tests/cases/"})


def test_every_test_that_is_named_exists() -> None:
    """A function of a file, or a case of a file."""
    read_once = functools.cache(read)
    cases = functools.cache(
        lambda path: {case["why"] for case in tomllib.loads(read(path))["case"]}
    )
    for named in references():
        path, is_function, function = named.partition("::")
        if is_function:
            defined = rf"^ *def {re.escape(function)}\("
            assert re.search(defined, read_once(path), re.MULTILINE), named
        else:
            path, _, why = named.partition(": ")
            assert why in cases(path), named


@pytest.mark.parametrize(("document", "head"), SHOWN_BY_TESTS.items())
def test_every_rule_names_a_test(document: str, head: str) -> None:
    tables = re.findall(r"(?:^\|.*\n)+", read(document), re.MULTILINE)
    rules = [line for table in tables if table.startswith(head) for line in table.splitlines()[2:]]
    assert len(rules) > 30
    for rule in rules:
        said, done, shown_by = rule.strip("|").split(" | ")
        assert said.strip()
        assert done.strip()
        assert "`tests/" in shown_by


def subcommands() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for group, one in choices(parser()).items():
        if not any(isinstance(action, argparse._SubParsersAction) for action in one._actions):
            yield f"ddns {group}", one
            continue
        for command, within in choices(one).items():
            yield f"ddns {group} {command}", within


def choices(of: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    (found,) = [a.choices for a in of._actions if isinstance(a, argparse._SubParsersAction)]
    return dict(found)


@pytest.mark.parametrize(("command", "options"), list(subcommands()))
def test_every_subcommand_is_documented_with_its_options(
    command: str, options: argparse.ArgumentParser
) -> None:
    synopses = re.compile(rf"^\| `{command}[` ]")
    lines = [line for line in read("docs/command.md").splitlines() if synopses.match(line)]
    assert len(lines) == 1, "documented once"
    synopsis = lines[0].split("`")[1]
    for action in options._actions:
        for option in action.option_strings:
            if option not in ("-h", "--help", "--database", "--json", "--server", "--ca"):
                assert option in synopsis


def settings(of: Any = Settings, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for field in dataclasses.fields(of):
        value = getattr(of(), field.name)
        if dataclasses.is_dataclass(value):
            yield from settings(type(value), f"{prefix}{field.name}.")
        else:
            yield prefix + field.name, value


@pytest.mark.parametrize(("key", "default"), list(settings()))
def test_every_setting_is_documented_with_its_default(key: str, default: Any) -> None:
    shown = json.dumps(default)  # which is TOML as well, for values like these
    assert f"| `{key}` | `{shown}` |" in read("docs/configuration.md")


def test_no_setting_is_documented_that_does_not_exist() -> None:
    documented = re.findall(r"^\| `([a-z0-9_.]+)` \|", read("docs/configuration.md"), re.MULTILINE)
    assert documented == [key for key, _ in settings()]


def test_the_commands_of_the_readme_set_up_a_server(make_server: Launch, tmp_path: Path) -> None:
    server = make_server().start()
    lines = re.findall(r"^    venv/bin/ddns (.*)$", read("README.md"), re.MULTILINE)
    assert len(lines) >= 4
    for line in lines:
        command = f"{script('ddns')} {line} --database {server.database}"
        done = run(["sh", "-c", command], folder=tmp_path)
        assert done.returncode == 0, f"{line}: {done.stderr}"
    key = done.stdout.strip()
    (host,) = [line.split()[2] for line in lines if line.startswith("host add")]
    (user,) = [line.split()[2] for line in lines if line.startswith("account add")]
    reply = server.update(f"{user}:{key}", host, "198.51.100.7")
    assert reply.body == "good 198.51.100.7\n"
    assert server.answers(host) == ["198.51.100.7"]
