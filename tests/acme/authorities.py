"""An authority in memory, with a clock of its own, for the keeper of certificates."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock

from ddns.acme.challenges import DNS, HTTP, Challenge, Challenges, Pending
from ddns.acme.folder import Folder
from ddns.acme.issued import Issued, file_of, new_key
from ddns.acme.keeper import Keeper
from ddns.acme.problem import Problem
from ddns.acme.wanted import Wanted

START = 1_800_000_000.0
DIRECTORY = "https://ca.example/directory"
NAME = "ddns.example.net"
DAY = 86_400.0


class Records:
    """Our DNS: the zone example.net."""

    def __init__(self) -> None:
        self.there: set[tuple[str, str]] = set()
        self.waits: Deferred[None] | None = None  # what adding waits for
        self.stuck = False

    def is_ours(self, name: str) -> bool:
        return name.endswith("example.net")

    async def present(self, name: str, value: str) -> None:
        self.there.add((name, value))
        if self.waits is not None:
            await self.waits

    async def clean_up(self, name: str, value: str) -> None:
        if self.stuck:
            raise Problem("the store fails")
        self.there.discard((name, value))


def issue(
    names: tuple[str, ...],
    begins: float,
    lifetime: float = 90 * DAY,
    *,
    key: bytes | None = None,
    directory: str = DIRECTORY,
    key_type: str = "ecdsa",
) -> bytes:
    """The file of a certificate."""
    private_key = new_key(key_type)
    public: Any = serialization.load_pem_private_key(key or private_key, None)
    signer = ec.generate_private_key(ec.SECP256R1())
    date = datetime.datetime.fromtimestamp
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Fake CA")]))
        .public_key(public.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(date(begins, datetime.UTC))
        .not_valid_after(date(begins + lifetime, datetime.UTC))
        .add_extension(x509.SubjectAlternativeName(list(map(x509.DNSName, names))), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return file_of(directory, private_key, certificate.public_bytes(serialization.Encoding.PEM))


class FakeAuthority:
    """Issues what was ordered; what a test sets comes instead of it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._key_type = ""

    def order(self, key_type: str) -> list[Pending]:
        world = self._world
        world.orders.append((world.now(), key_type))
        if world.problem is not None:
            raise world.problem
        self._key_type = key_type
        return [pending(name.removeprefix("*."), name) for name in world.wanted.names]

    def answer(self, chosen: list[Challenge]) -> None:
        self._world.answered.append([one.type for one in chosen])
        self._world.seen.append(set(self._world.records.there))
        if self._world.failing_challenge is not None:
            raise self._world.failing_challenge

    def finish(self) -> bytes:
        world = self._world
        return world.issue(self._key_type)

    def renewal(self, issued: Issued) -> tuple[float | None, float]:
        self._world.questions.append(self._world.now())
        return self._world.renewal()

    def close(self) -> None:
        self._world.open -= 1


def pending(name: str, whole: str) -> Pending:
    """A name that is to be shown, in both ways unless it has a wildcard."""
    ways = [Challenge(DNS, name, "token", f"text for {whole}", None)]
    if not whole.startswith("*."):
        ways.append(Challenge(HTTP, name, f"token-of-{name}", "token.thumbprint", None))
    return Pending(name, whole.startswith("*."), tuple(ways))


class World:
    """A keeper with all that it needs; time goes on by :meth:`pass_time`."""

    def __init__(self, folder: Path, *names: str, key_types: tuple[str, ...] = ("ecdsa",)) -> None:
        self.clock = Clock()
        self.clock.advance(START)
        self.wanted = Wanted(DIRECTORY, names or (NAME,), "", key_types)
        self.folder = Folder(folder / "acme")
        self.records = Records()
        self.challenges = Challenges(self.records, lambda: True)
        self.used: list[list[Issued]] = []
        self.unusable: Problem | None = None
        self.orders: list[tuple[float, str]] = []
        self.answered: list[list[str]] = []
        self.seen: list[set[tuple[str, str]]] = []
        self.questions: list[float] = []
        self.open = 0
        self.problem: Problem | None = None
        self.failing_challenge: Problem | None = None
        self.issue: Callable[[str], bytes] = self._issue
        self.renewal: Callable[[], tuple[float | None, float]] = lambda: (None, self.now() + DAY)
        self.keeper = self.made()

    def made(self) -> Keeper:
        """A keeper as a process that starts now makes it."""
        return Keeper(
            self.wanted,
            self.folder,
            self.challenges,
            self._prepare,
            self._connect,
            self._run,
            self.clock,
            self.now,
            lambda: 0.0,
        )

    def now(self) -> float:
        return float(self.clock.seconds())

    def _issue(self, key_type: str) -> bytes:
        return issue(self.wanted.names, self.now(), key_type=key_type)

    def _prepare(self, issued: Any) -> Callable[[], None]:
        if self.unusable is not None:
            raise self.unusable
        return lambda: self.used.append(list(issued))

    def _connect(self, account_key: ec.EllipticCurvePrivateKey) -> FakeAuthority:
        self.open += 1
        return FakeAuthority(self)

    def _run(self, function: Callable[[], Any], timeout: float) -> Deferred[Any]:
        return maybeDeferred(function)

    def start(self) -> None:
        """Start the keeper, and let it do what is due."""
        Deferred.fromCoroutine(self.keeper.start())
        self.pass_time(0.0)

    def restart(self) -> None:
        """Let the process end without a word, and another one begin."""
        for call in self.clock.getDelayedCalls():
            call.cancel()
        self.keeper = self.made()
        self.keeper.load()
        self.start()

    def pass_time(self, seconds: float) -> None:
        """Let time pass, from one timer to the next."""
        until = self.now() + seconds
        while (due := self._next()) <= until:
            self.clock.advance(max(due - self.now(), 0.0))
        self.clock.advance(until - self.now())

    def _next(self) -> float:
        return min((call.getTime() for call in self.clock.getDelayedCalls()), default=math.inf)
