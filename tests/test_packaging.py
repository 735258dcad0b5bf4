"""The wheel and the editable install, each in an environment of its own: what is in it works."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

import ddns
from tests.compiling import could_be_compiled
from tests.programs import run

ROOT = Path(__file__).parents[1]
INSTALLING = 180.0
"""Seconds that a build may take, which may have to download its tools."""

QUICK = {"CFLAGS": "-O0"}
"""What is compiled is not run for its speed here."""

MADE = ("__pycache__", "*.so")
COMPILED = {"ddns/zone/compiled", "ddns/net/dns/udp_compiled"}


@dataclass(frozen=True)
class Environment:
    """A virtual environment that has our dependencies from the one the tests run in, but no trace
    of our own installation there: a .pth file within a .pth'd folder is not followed."""

    folder: Path

    @property
    def python(self) -> str:
        return str(self.folder / "bin" / "python")

    @property
    def packages(self) -> Path:
        (found,) = self.folder.glob("lib/python*/site-packages")
        return found

    def pip_install(self, *what: str) -> None:
        pip = [sys.executable, "-m", "pip", "--python", self.python, "install", "--no-deps"]
        command = [*pip, "--disable-pip-version-check", *what]
        done = run(command, environment=QUICK, timeout=INSTALLING)
        assert done.returncode == 0, done.stdout + done.stderr

    def home_of_ddns(self) -> Path:
        """Where Python finds our package there."""
        code = "import ddns; print(ddns.__file__)"
        return Path(run([self.python, "-c", code], folder=self.folder).stdout.strip()).parent

    def has_compiled(self) -> str:
        """Whether the fast path is compiled there."""
        code = "from ddns.zone import engine, zone; e = engine.Engine(zone.Zones()).compiled;"
        done = run([self.python, "-c", f"{code} print(e is not None)"], folder=self.folder)
        return done.stdout.strip()

    def twistd(self, *arguments: str) -> str:
        """What twistd says there."""
        code = "from twisted.scripts.twistd import run; run()"
        done = run([self.python, "-c", code, *arguments], folder=self.folder)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    made = Environment(tmp_path / "venv")
    venv.create(made.folder, with_pip=False)
    paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (made.packages / "dependencies.pth").write_text("\n".join(sorted(paths)) + "\n")
    return made


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source, so that building leaves nothing in the one that people work in."""
    copy = tmp_path_factory.mktemp("source")
    for name in ("bin", "ddns", "twisted"):
        shutil.copytree(
            ROOT / name, copy / name, ignore=shutil.ignore_patterns(*MADE, "dropin.cache")
        )
    for name in ("setup.cfg", "setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    return copy


@pytest.fixture(scope="module")
def wheel(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tree, tmp_path_factory.mktemp("dist"))


def build(tree: Path, folder: Path, **environment: str) -> Path:
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder)]
    isolation = ["--no-isolation"] if can_build() else []
    surroundings = {**QUICK, **environment}
    done = run([*command, *isolation, str(tree)], environment=surroundings, timeout=INSTALLING)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = folder.glob("*.whl")
    return found


def can_build() -> bool:
    """Whether this environment can build wheels: setuptools can by itself since 70.1."""
    if importlib.util.find_spec("Cython") is None:
        return False
    if importlib.util.find_spec("wheel") is not None:
        return True
    version = importlib.metadata.version("setuptools").split(".")
    return (int(version[0]), int(version[1])) >= (70, 1)


def assert_works(environment: Environment) -> None:
    assert " ddns " in environment.twistd("--help")
    assert "--database=" in environment.twistd("ddns", "--help")
    done = run([str(environment.folder / "bin" / "ddns"), "--version"])
    assert (done.returncode, done.stdout) == (0, f"ddns {ddns.__version__}\n")
    assert "--connection=" in environment.twistd("ddns-inetd", "--help")
    starter = environment.folder / "bin" / "ddns-inetd"
    assert starter.read_text().startswith(f"#!{environment.python}"), "it is not looked for in PATH"
    assert run([str(starter), "--help"]).stdout.startswith("usage: ddns-inetd ")


def test_the_wheel_works(wheel: Path, environment: Environment) -> None:
    environment.pip_install("--no-index", str(wheel))
    assert_works(environment)
    assert (environment.packages / "ddns" / "py.typed").exists()
    assert environment.has_compiled() == str(could_be_compiled())
    assert environment.home_of_ddns() == environment.packages / "ddns"


def test_the_wheel_is_complete_and_has_nothing_else(wheel: Path, tree: Path) -> None:
    named = zipfile.ZipFile(wheel).namelist()
    inside = {name for name in named if ".dist-info/" not in name and ".data/" not in name}
    compiled = {name for name in inside if name.endswith(".so")}
    if could_be_compiled():
        assert {name.partition(".")[0] for name in compiled} == COMPILED
        assert not wheel.name.endswith("-any.whl"), "it is for this platform"
    assert [name for name in named if ".data/" in name] == [
        f"twistd_ddns-{ddns.__version__}.data/scripts/ddns-inetd"
    ]
    ours = {
        str(path.relative_to(tree))
        for folder in ("ddns", "twisted")
        for path in (tree / folder).rglob("*")
        if path.is_file() and path.suffix != ".so"
    }
    assert inside - compiled == ours
    assert "twisted/plugins/ddns_plugin.py" in inside


def test_without_a_compiler_the_wheel_is_for_everybody(
    tree: Path, tmp_path: Path, environment: Environment
) -> None:
    wheel = build(tree, tmp_path, CC="/bin/false")
    assert wheel.name.endswith("-py3-none-any.whl")
    environment.pip_install("--no-index", str(wheel))
    assert_works(environment)
    assert environment.has_compiled() == "False"


@pytest.mark.parametrize("package", ["twisted", "twisted/plugins"])
def test_twisted_stays_a_package_of_others(wheel: Path, package: str) -> None:
    """With the first of these files ``import twisted`` would break, with the second the plugin
    would not be found."""
    assert f"{package}/__init__.py" not in zipfile.ZipFile(wheel).namelist()
    assert not (ROOT / package / "__init__.py").exists()


def test_an_editable_install_works(tree: Path, environment: Environment) -> None:
    environment.pip_install(*(["--no-build-isolation"] if can_build() else []), "-e", str(tree))
    assert_works(environment)
    assert environment.home_of_ddns() == tree / "ddns"
    assert environment.has_compiled() == str(could_be_compiled())
