"""The arrows of docs/architecture.md: who imports whom, and what nobody below ``net`` touches."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAY_IMPORT = {
    "model": set[str](),
    "system": set[str](),
    "config": {"model"},
    "zone": {"model"},
    "policy": {"model", "config"},
    "dialects": {"model"},
    "moving": {"model", "policy"},
    "relays": {"model"},
    "store": {"model", "system", "config"},
    "updates": {"model", "system", "config", "zone", "policy", "relays", "store"},
    "acme": {"model", "system", "config"},
    "api": {"model", "system", "policy", "relays", "store"},
    "pages": {"model", "policy", "api"},
    "tools": {"model", "policy", "dialects", "store", "updates", "api"},
    "net": {"model", "system", "config", "zone", "policy", "dialects", "store", "updates", "api"}
    | {"pages", "tools", "relays"},
    "server": {"model", "system", "config", "zone", "policy", "dialects", "store", "updates"}
    | {"acme", "api", "pages", "tools", "net", "relays"},
    "cli": {"model", "system", "config", "policy", "moving", "store", "api", "server"},
    "embedding": {"model", "config", "dialects", "store", "net", "server"},
}
"""Each room of the house, and the rooms that its files may import besides their own."""

ANYBODY = {"__init__"}
"""The version is for all."""

PURE_ROOMS = {"model", "config", "zone", "policy", "dialects", "moving", "relays"}
ABOVE_NET = {"server", "cli", "embedding", "config", "system"}
BELOW_NET = set(MAY_IMPORT) - ABOVE_NET - {"net"}


def room_of(path: Path) -> str:
    """The part of the house that a file belongs to."""
    return path.relative_to(ROOT / "ddns").parts[0].removesuffix(".py")


FILES = sorted((ROOT / "ddns").rglob("*.py"))


@functools.cache
def imports(path: Path, *, functions: bool = True) -> frozenset[str]:
    """The modules that a file imports, as dotted names down to what is taken out of them; within
    functions as well, unless only those count that are imported together with the file."""
    found: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(path.read_text(), str(path))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Name | ast.Attribute):
            name = node.id if isinstance(node, ast.Name) else node.attr
            hidden = name in ("__import__", "import_module")
            assert not hidden, f"{path}: imports are written as such"
        if functions or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return frozenset(found)


def packages(path: Path) -> set[str]:
    """The first parts of what a file imports."""
    return {module.partition(".")[0] for module in imports(path)}


def rooms_imported(path: Path) -> set[str]:
    found = set()
    for module in imports(path):
        package, _, rest = module.partition(".")
        if package == "ddns":
            room = rest.partition(".")[0]
            is_room = (ROOT / "ddns" / room).is_dir() or (ROOT / "ddns" / f"{room}.py").is_file()
            found.add(room if room and is_room else "__init__")
    return found


def test_there_is_something_to_look_at() -> None:
    assert len(FILES) > 40
    updater = ROOT / "ddns" / "updates" / "updater.py"
    assert rooms_imported(updater) >= {"model", "policy", "store", "updates"}


def test_imports_point_down_only() -> None:
    for path in FILES:
        room = room_of(path)
        assert room in MAY_IMPORT or room == "__init__", f"{room} is new: say what it may import"
        allowed = {room, *MAY_IMPORT[room], *ANYBODY} if room in MAY_IMPORT else set()
        assert rooms_imported(path) - allowed == set(), path


@pytest.mark.parametrize(
    "path", sorted((ROOT / "ddns").rglob("*.pyx")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_what_is_compiled_keeps_to_it(path: Path) -> None:
    room, text = room_of(path), path.read_text()
    rooms = set(re.findall(r"^ *(?:from|cimport|import) ddns\.(\w+)", text, re.MULTILINE))
    assert rooms - {room} - MAY_IMPORT[room] == set()
    if room in PURE_ROOMS:
        assert set(re.findall(r'extern from "(.+)"', text)) <= {"Python.h", "endian.h"}
        assert "libc.stdio" not in text


def test_what_is_pure_does_no_io() -> None:
    doing = {"twisted", "sqlite3", "sqlite_utils", "asyncio", "threading"}
    for path in FILES:
        assert room_of(path) not in PURE_ROOMS or packages(path) & doing == set(), path


def test_only_the_store_knows_the_database() -> None:
    for path in FILES:
        assert room_of(path) == "store" or packages(path) & {"sqlite3", "sqlite_utils"} == set(), (
            path
        )


def test_nobody_below_net_looks_at_the_clock() -> None:
    looks = re.compile(r"\btime\.(time|localtime|gmtime)\(|datetime\.(now|utcnow|today)\(")
    for path in FILES:
        assert room_of(path) not in BELOW_NET or not looks.search(path.read_text()), path


def test_the_reactor_is_passed_in() -> None:
    """Imported at the top of a module it would be installed with it, and only who owns the process
    may decide which one that is."""
    for path in FILES:
        assert "twisted.internet.reactor" not in imports(path, functions=False), path
        if path.stem not in ("tap", "inetd") and room_of(path) != "cli":
            assert "twisted.internet.reactor" not in imports(path), path


LIGHT = (
    *("cli/main", "cli/command", "cli/output", "cli/client", "cli/remote", "cli/zones"),
    *(
        "cli/accounts",
        "cli/keys",
        "cli/hosts",
        "cli/host_import",
        "cli/records",
        "cli/relays",
        "cli/self_service",
        "cli/server",
    ),
    *("cli/maintenance", "api/routes", "model/text", "system/files"),
    *("server/__init__", "server/inetd_client"),
    *("system/__init__", "system/handover", "system/lock"),
)


@pytest.mark.parametrize("name", LIGHT)
def test_the_command_is_light(name: str) -> None:
    """It is run once a call, and Twisted would take most of its time."""
    modules = imports(ROOT / "ddns" / f"{name}.py", functions=False)
    assert [module for module in modules if module.startswith(("twisted", "sqlite"))] == []


def test_the_plugin_directories_are_no_packages() -> None:
    """With an ``__init__.py``, the first would break ``import twisted``, the second hide the
    plugin."""
    for directory in ("twisted", "twisted/plugins"):
        assert (ROOT / directory).is_dir()
        assert not (ROOT / directory / "__init__.py").exists()


def test_the_plugin_is_light() -> None:
    """twistd imports every plugin on the machine to list them."""
    (plugin,) = (ROOT / "twisted" / "plugins").glob("*.py")
    assert packages(plugin) <= {"twisted", "__future__"}


@pytest.mark.parametrize("word", ["host", "record"])
def test_what_scripts_call_brings_no_dns_library(word: str) -> None:
    """Its import takes longer than everything else of a call."""
    code = f"import sys\nfrom ddns.cli.main import parser\nparser({word!r})\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr == ""
    assert {"dns", "twisted", "sqlite3"} & set(done.stdout.split()) == set()
