"""Operations on relays: services elsewhere to which the addresses of a host are passed on."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping

from ddns.api import parsing
from ddns.api.access import ReadContext, WriteContext
from ddns.api.base import BaseOperations
from ddns.api.errors import Conflict, Exceeded, Forbidden, Invalid, NotFound
from ddns.api.serializers import Json, time_json
from ddns.model import names
from ddns.model.outward import OutwardError
from ddns.model.relays import HostAddresses, OpenTo, Relay, RelayKind, Trouble, relay_purpose
from ddns.model.webhooks import new_secret
from ddns.policy.relays import idle
from ddns.relays import KINDS, endpoint_of, service_of
from ddns.relays.base import BadSetting, Setting


class RelayOperations(BaseOperations):
    """Relays of hosts."""

    async def relay_list(self, name: str) -> Json:
        """List the relays of a host, without their secrets, and how it stands with each."""
        owner = parsing.host_name(name)

        def work(context: ReadContext) -> Json:
            context.own_host(owner)
            return {"relays": relays_of(context, owner)}

        return await self._read(work)

    def may_set_relays(self) -> bool:
        """Return whether the caller may set relays, if there are not too many."""
        open_to = self.rules.relays.open_to
        return open_to is not OpenTo.OFF and (self._caller.operator or open_to is OpenTo.ACCOUNTS)

    async def relay_add(self, name: str, kind: str, settings: dict[str, str]) -> Json:
        """Have the addresses of a host passed on to a service, now and whenever they change. Which
        *settings* there are depends on the *kind*; secrets among them are kept sealed and are not
        shown again. A webhook without a secret gets one, which only this answer shows."""
        owner, known = parsing.host_name(name), _kind(kind)
        made = {}
        if known is RelayKind.WEBHOOK and not settings.get("secret"):
            made = {"secret": new_secret()}
        shown, secret = _checked(known, {**settings, **made})
        self._check_target(known, shown)
        sealed = await self._seal(json.dumps(secret), relay_purpose(owner))

        def work(context: WriteContext) -> Json:
            host = context.own_host(owner)
            _check_limits(context, owner, host.account)
            for one in context.transaction.relays_of(owner):
                if (one.kind, dict(one.settings)) == (known, shown):
                    raise Conflict("relay {number} leads there already", number=one.id)
            relay = Relay(0, owner, known, shown, sealed, context.now, next=context.now)
            added = context.transaction.add_relay(relay)
            return {**relay_json(context, added), **made}

        answer = await self._transact(work)
        self._running.follow_relay(owner, "")
        return answer

    def _check_target(self, kind: RelayKind, shown: Mapping[str, str]) -> None:
        try:
            self.rules.relays.check_target(KINDS[kind].target(shown))
        except OutwardError as error:
            raise Invalid("it cannot be reached from here: {why}", why=str(error)) from None

    async def relay_remove(self, number: int) -> Json:
        """Remove a relay. What the service has stays there."""

        def work(context: WriteContext) -> Json:
            relay = _own(context, number)
            context.transaction.remove_relay(relay.id)
            return relay_json(context, relay)

        return await self._transact(work, even_if_blocked=True)

    async def relay_retry(self, number: int) -> Json:
        """Deliver to a relay now, whatever it has been told already, which is remembered: a family
        that the host has lost since is removed there."""

        def work(context: WriteContext) -> tuple[Relay, Json]:
            relay = dataclasses.replace(
                _own(context, number), trouble=Trouble.ASKED, attempts=0, next=context.now
            )
            if context.rules.relays.open_to is OpenTo.OFF:
                raise Conflict("relays are switched off on this server")
            context.transaction.put_relay_state(relay)
            return relay, relay_json(context, relay)

        relay, answer = await self._transact(work)
        self._running.follow_relay(relay.host, endpoint_of(relay.kind, relay.settings))
        return answer


def settings_of(kind: str) -> list[Setting]:
    """Return what there is to set for a kind of relay, none for what is no kind."""
    return list(KINDS[RelayKind(kind)].settings) if kind in list(RelayKind) else []


def relays_of(context: ReadContext, host: bytes) -> list[Json]:
    """Return the relays of a host."""
    return [relay_json(context, relay) for relay in context.transaction.relays_of(host)]


def relay_json(context: ReadContext, relay: Relay) -> Json:
    """Return a relay without its secrets, and how it stands with it."""
    transaction = context.transaction
    present = HostAddresses.of(lambda one: transaction.rrset(relay.zone, relay.host, one))
    return {
        "id": relay.id,
        "host": names.to_text(relay.host),
        "kind": str(relay.kind),
        "service": service_of(relay.kind, relay.settings),
        "settings": dict(relay.settings),
        "created": time_json(relay.created),
        "state": _state(relay, present),
        "delivered": None if relay.delivered is None else str(relay.delivered).split(),
        "attempts": relay.attempts,
        "tried": None if relay.tried is None else time_json(relay.tried),
        "next": None if relay.next is None else time_json(relay.next),
        "result": relay.result,
    }


STATES = ("delivered", "waiting", "failing", "refused")
"""How it can stand with a relay: its service has the addresses, is to be told them, does not answer
or answers that it cannot, or refuses them until somebody does something."""


def _state(relay: Relay, present: HostAddresses) -> str:
    if relay.trouble in (Trouble.PASSING, Trouble.LASTING) and relay.next is not None:
        return STATES[1 + relay.trouble]
    return STATES[0] if idle(relay, present) else STATES[1]


def _kind(text: str) -> RelayKind:
    try:
        return RelayKind(text)
    except ValueError:
        raise Invalid(
            "{text!r} is no kind of relay: it is one of {known}",
            text=text,
            known=", ".join(RelayKind),
        ) from None


def _checked(kind: RelayKind, given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the settings of a relay that may be shown, and the secrets."""
    try:
        return KINDS[kind].checked(given)
    except BadSetting as error:
        raise Invalid("{name}: {why}", name=error.name, why=str(error)) from None


def _check_limits(context: WriteContext, host: bytes, account: str) -> None:
    """Refuse a relay that the caller may not set.

    :raises Forbidden: also as Exceeded, when there are too many.
    """
    rules, transaction = context.rules.relays, context.transaction
    if rules.open_to is OpenTo.OFF:
        raise Conflict("relays are switched off on this server")
    if context.caller.operator:
        return
    if rules.open_to is not OpenTo.ACCOUNTS:
        raise Forbidden("only the operator sets relays here")
    if len(transaction.relays_of(host)) >= rules.per_host:
        raise Exceeded("a host may have {limit} relays", limit=rules.per_host)
    if transaction.count_relays(account) >= rules.per_account:
        raise Exceeded("the hosts of an account may have {limit} relays", limit=rules.per_account)


def _own(context: ReadContext, number: int) -> Relay:
    """Return a relay of a host of the caller's."""
    relay = context.transaction.relay(number) if 0 < number < 2**63 else None
    if relay is None or not context.caller.owns(relay.account):
        raise NotFound("there is no relay {number}", number=number)
    return relay
