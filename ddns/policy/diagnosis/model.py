"""What a diagnosis is made of: the state of a host, rules, and what they have found.

All that is said is a format string with named parameters, so that it can be translated first.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ddns.model.account import Block
from ddns.model.door import Knock


class Moment(float):
    """A time in seconds since 1970."""


class Span(float):
    """A length of time in seconds."""


class Words(str):
    """Words of ours, which are translated."""

    __slots__ = ()


Parameter = str | int | Moment | Span | Words
Parameters = Mapping[str, Parameter]

_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def shown(parameter: Parameter) -> str:
    """Return a parameter as text in English; times in UTC, lengths of time in one unit.

    >>> shown(Span(7300)), shown(Moment(0)), shown("home")
    ('2 hours', '1970-01-01 00:00 UTC', 'home')
    """
    if isinstance(parameter, Moment):
        return datetime.fromtimestamp(parameter, UTC).strftime("%Y-%m-%d %H:%M UTC")
    if isinstance(parameter, Span):
        size, unit = next((one for one in _UNITS if parameter >= one[0]), _UNITS[-1])
        number = round(parameter / size)
        return f"{number} {unit}{'s' * (number != 1)}"
    return str(parameter)


def told(
    template: str,
    parameters: Parameters,
    translate: Callable[[str], str] = str,
    show: Callable[[Parameter], str] = shown,
) -> str:
    """Return a format string, translated, with its parameters in it.

    >>> told("{count} from {peer}", {"count": 2, "peer": "{x}"})
    '2 from {x}'
    """
    texts = {
        name: translate(one) if isinstance(one, Words) else show(one)
        for name, one in parameters.items()
    }
    return translate(template).format_map(texts)


class Severity(enum.StrEnum):
    """How much a finding matters, the worst first."""

    ERROR = "error"
    """The host is not updated."""
    WARNING = "warning"
    """The host is updated, but not as it should be, or not by all who try."""
    HINT = "hint"
    """It could be better."""


class State(enum.StrEnum):
    """The state of a host as a whole."""

    OK = "ok"
    WAITING = "waiting"
    STALE = "stale"
    TROUBLE = "trouble"
    LED = "led"


SENTENCES = {
    State.OK: "The host is updated: {client} was last heard from {ago} ago, from {peer}.",
    State.WAITING: "The host waits for a client: none is known to have updated it.",
    State.STALE: "No client has been heard from for {ago}, though one came every {habit}.",
    State.LED: "The host follows {leader}: it moves with the prefix of that.",
    State.TROUBLE: "Something keeps the host from being updated; the first finding says what.",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: what is wrong, and what to change. ``severity`` is that of its findings where the
    host is not updated."""

    id: str
    severity: Severity
    why: str
    change: str


@dataclass(frozen=True, slots=True)
class HostState:
    """A host as it is now; names are text without a final dot.

    ``addresses`` are those that DNS answers for it, ``expires`` is when it goes offline if nothing
    is heard of it. It ``follows`` another host, for which ``is_led`` says whether that is there.
    ``created`` and ``expires`` are seconds since 1970. ``block`` is that of its
    account, if it holds; ``others`` are other hosts of the account. ``https`` is whether this
    server offers HTTPS, ``knocks`` are connections from where its clients may be that came to
    nothing.
    """

    name: str
    zone: str
    account: str
    created: float
    addresses: Sequence[str] = ()
    expires: float | None = None
    block: Block | None = None
    others: Sequence[str] = ()
    https: bool = False
    knocks: Sequence[Knock] = ()
    follows: str = ""
    is_led: bool = False

    @property
    def waits_for_prefix(self) -> bool:
        """Whether it has no IPv6 address, though it follows another host for one."""
        return self.is_led and not any(":" in address for address in self.addresses)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule has found: ``at`` is the time of the latest sign of it, in seconds since 1970."""

    rule: Rule
    severity: Severity
    at: float
    parameters: Parameters

    def why(
        self,
        translate: Callable[[str], str] = str,
        show: Callable[[Parameter], str] = shown,
    ) -> str:
        """Return what is wrong."""
        return told(self.rule.why, self.parameters, translate, show)

    def change(
        self,
        translate: Callable[[str], str] = str,
        show: Callable[[Parameter], str] = shown,
    ) -> str:
        """Return what to change."""
        return told(self.rule.change, self.parameters, translate, show)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The state of a host, and what was found, the worst first, and then the latest."""

    state: State
    parameters: Parameters
    findings: tuple[Finding, ...]

    def sentence(
        self,
        translate: Callable[[str], str] = str,
        show: Callable[[Parameter], str] = shown,
    ) -> str:
        """Return the state in words."""
        return told(SENTENCES[self.state], self.parameters, translate, show)
