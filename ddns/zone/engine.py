"""The answer engine: a datagram or TCP message in, a message out, and nothing else.

Nearly all questions are the same question: one name, a type that answers with itself alone, no
EDNS or an OPT that states a size and perhaps a cookie. The engine knows those by their octets and
answers with slices of the node. Everything else is read, decided and packed by
:meth:`Engine.respond_in_full`, which gives the very same reply to the plain questions as well.
"""

from __future__ import annotations

import struct
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing

from ddns.model.names import MAX_WIRE, WILDCARD
from ddns.model.records import CNAME, IN
from ddns.zone.cookies import CLIENT, Cookies, is_well_formed
from ddns.zone.fast_path import (
    ACCOMPANIED,
    COOKIE_AT,
    POINTERS,
    TYPES,
    CookieTails,
    fast_path_headers,
)
from ddns.zone.lookup import lookup
from ddns.zone.message import (
    BADVERS,
    FORMERR,
    NOERROR,
    NOTAUTH,
    NOTIFY,
    NOTIMP,
    NXDOMAIN,
    QUERY,
    REFUSED,
    TC,
    TCP_MAX,
    UDP_PLAIN,
    UPDATE,
    Answer,
    Query,
    parse,
)
from ddns.zone.packing import cookie_option, pack
from ddns.zone.rrl import ABSENT, DROP, ERRORS, SLIP, RateLimiter
from ddns.zone.zone import Zones

PAYLOAD = 1232
"""Octets of UDP that pass any path without fragments (DNS Flag Day 2020)."""

IXFR, AXFR = 251, 252


Later = Awaitable[Answer] | Iterator[Answer] | AsyncGenerator[Answer, None]
"""An answer that is not there yet, or several of them, which only TCP can carry."""

Handler = Callable[[Query, bytes, bytes, bool], Answer | Later]
"""``handler(request, wire, source, tcp)``: what to answer to a request of one opcode."""

Reply = bytes | None | Awaitable[bytes | None] | Iterator[bytes] | AsyncGenerator[bytes, None]
"""A packed answer, None for silence, or the same later or several times."""


class Engine:
    """Answers DNS from zones. It does no I/O, has no clock of its own and raises for no input.

    *payload* is the most octets sent over UDP, and the size announced with EDNS. Without *limiter*
    all is answered, without *cookies* that option is unknown. ``handlers`` answer, by opcode.
    """

    def __init__(
        self,
        zones: Zones,
        *,
        payload: int = PAYLOAD,
        limiter: RateLimiter | None = None,
        cookies: Cookies | None = None,
    ) -> None:
        self.zones = zones
        self.payload = payload
        self.use(limiter, cookies)
        self._plain = fast_path_headers(payload)
        self.handlers: dict[int, Handler] = {
            QUERY: self._query,
            NOTIFY: _refuse(NOTAUTH),
            UPDATE: _refuse(REFUSED),
        }

    def use(self, limiter: RateLimiter | None, cookies: Cookies | None) -> None:
        """From now on these limit rates, and make and check cookies."""
        self._account = limiter.account if limiter is not None else None
        self._cookies = cookies

    def respond(self, wire: bytes, source: bytes, tcp: bool) -> Reply:
        """Return the reply to one message, or None where silence is the answer.

        Where a handler of ``handlers`` answers later, or with several messages, this returns what
        it returned with each answer packed. *source* is the client's address, 4 or 16 octets.
        """
        reply = self._respond_fast(wire, source, tcp)
        if reply is None:
            return self.respond_in_full(wire, source, tcp)
        return reply or None

    def _respond_fast(self, wire: bytes, source: bytes, tcp: bool) -> bytes | None:
        """The reply to a plain question, empty for silence; None where slices will not do."""
        plain = self._plain.get(wire[2:12])
        if plain is None:
            return None
        hit, nodata, nxdomain, after, tails, cookie_tails = plain
        end = wire.find(b"\0", 12) + 1
        rest = wire[end + 2 :]
        qtype = wire[end : end + 2]
        tail = tails.get(rest) or self._tail_with_cookie(cookie_tails, rest, source)
        if tail is None or qtype not in TYPES or end > _NAME_END:
            return None
        room, opt, exempt = tail
        # Whether these octets are a name is not known yet: they end at a zero, but that may stand
        # within a label. Of what is equal to a name, though, it is known: lower() leaves the length
        # octets of names alone and makes none out of others, letters being above 63.
        name = above = wire[12:end].lower()
        origins = self.zones.origins
        zone = None
        for _ in _NEAR:
            zone = origins.get(above)
            if zone is not None or not above:
                break
            above = above[1 + above[0] :]
        if zone is None or (negative := zone.negative) is None:
            return None
        nodes = zone.nodes
        node = nodes.get(name)
        encloser = about = name
        if node is None:
            # Up to the closest encloser (RFC 4592 3.3.1); the same way came to the apex before, so
            # there is one. Good labels in front of a name are a name.
            while encloser not in nodes:
                if encloser[0] > 63:
                    return None
                encloser = encloser[1 + encloser[0] :]
            about = WILDCARD + encloser
            node = nodes.get(about)
        if zone.cuts and zone.may_be_cut(encloser):
            return None
        found = b""
        if node is None:
            node, head = b"", nxdomain
            about = ABSENT + zone.origin
        else:
            at = 0
            while found := node[at : at + 2]:
                body = at + 8
                at = body + int.from_bytes(node[at + 4 : body], "big")
                if found == qtype:
                    if qtype in ACCOMPANIED:
                        return None
                    break
                if found == _CNAME:
                    return None
            head = hit if found else nodata
        if end + (at - body if found else 2 + len(negative)) > room:
            return None
        if self._account is not None and not (tcp or exempt):
            verdict = self._account(source, about)
            if verdict:
                return _cut_short(wire, head, end, opt) if verdict == SLIP else b""
        question = wire[12 : end + 4]
        if found:
            count = node[body - 6 : body - 4]
            return b"".join((wire[:2], hit, count, after, question, node[body:at], opt))
        pointer = POINTERS[end - len(zone.origin)]
        return b"".join((wire[:2], head, question, pointer, negative, opt))

    def _tail_with_cookie(
        self, tails: CookieTails, rest: bytes, source: bytes
    ) -> tuple[int, bytes, bool] | None:
        """See :data:`ddns.zone.fast_path.Tails`; here the OPT holds a cookie and nothing else."""
        found = tails.get(rest[:COOKIE_AT])
        if found is None or self._cookies is None or len(rest) != found[0]:
            return None
        client = rest[COOKIE_AT : COOKIE_AT + CLIENT]
        server, good = self._cookies.renew(client, rest[COOKIE_AT + CLIENT :], source)
        return found[1], found[2] + client + server, good

    def respond_in_full(self, wire: bytes, source: bytes, tcp: bool) -> Reply:
        """As :meth:`respond`, by the long way."""
        request = parse(wire)
        if request is None:
            return None
        answer = self._decide(request, wire, source, tcp)
        if isinstance(answer, Answer):
            return self._finish(request, answer, source, tcp)
        return self._finish_later(request, answer, source, tcp)

    def _finish(self, request: Query, reply: Answer, source: bytes, tcp: bool) -> bytes | None:
        """Pack an answer, unless the rate limit has it dropped or cut short."""
        limit = TCP_MAX
        if not tcp:
            limit = UDP_PLAIN
            if request.edns is not None:
                limit = max(UDP_PLAIN, min(request.edns.payload, self.payload))
        option, exempt = b"", tcp
        cookie = self._cookie(request)
        if cookie is not None and self._cookies is not None and reply.rcode != FORMERR:
            client = cookie[:CLIENT]
            server, good = self._cookies.renew(client, cookie[CLIENT:], source)
            option = cookie_option(client + server)
            exempt = tcp or good
        if not exempt and self._account is not None:
            answered = reply.rcode in (NOERROR, NXDOMAIN)
            verdict = self._account(source, reply.about if answered else ERRORS)
            if verdict == DROP:
                return None
            if verdict == SLIP:
                # An error stays what it is: TC would promise that TCP tells more.
                reply = Answer(reply.rcode, reply.authoritative, cut_short=answered)
                option = b""
        return pack(request, reply, limit, self.payload, option)

    def _cookie(self, request: Query) -> bytes | None:
        """The COOKIE option of a request, if there is one that means something to us."""
        edns = request.edns
        if self._cookies is None or edns is None or edns.version:
            return None
        return edns.cookie

    def _finish_later(self, request: Query, answer: Later, source: bytes, tcp: bool) -> Reply:
        """Return what a handler returned, with each answer packed."""
        if isinstance(answer, Awaitable):
            return self._finish_awaited(request, answer, source, tcp)
        if isinstance(answer, Iterator):
            return (m for one in answer if (m := self._finish(request, one, source, tcp)))
        return self._finish_each(request, answer, source, tcp)

    async def _finish_awaited(
        self, request: Query, answer: Awaitable[Answer], source: bytes, tcp: bool
    ) -> bytes | None:
        return self._finish(request, await answer, source, tcp)

    async def _finish_each(
        self, request: Query, answers: AsyncGenerator[Answer, None], source: bytes, tcp: bool
    ) -> AsyncGenerator[bytes, None]:
        async with aclosing(answers):
            async for answer in answers:
                if message := self._finish(request, answer, source, tcp):
                    yield message

    def _decide(self, request: Query, wire: bytes, source: bytes, tcp: bool) -> Answer | Later:
        """Refuse what no opcode allows, and let the handler of the request's opcode answer the
        rest."""
        handler = self.handlers.get(request.opcode)
        if handler is None:
            return Answer(NOTIMP)
        cookie = self._cookie(request)
        if request.error or (cookie is not None and not is_well_formed(cookie)):
            return Answer(FORMERR)
        if not request.question:
            # One may ask for nothing but a cookie (RFC 7873 5.4).
            return Answer(FORMERR if cookie is None or request.opcode != QUERY else NOERROR)
        if request.edns is not None and request.edns.version:
            return Answer(BADVERS)
        if request.tsig:
            return Answer(NOTAUTH)  # no key is known here (RFC 8945 5.2.1)
        return handler(request, wire, source, tcp)

    def _query(self, request: Query, wire: bytes, source: bytes, tcp: bool) -> Answer:
        if request.class_ != IN or request.type in (AXFR, IXFR):
            return Answer(REFUSED)
        return lookup(self.zones, request.name, request.starts, request.type)


def _cut_short(wire: bytes, head: bytes, end: int, opt: bytes) -> bytes:
    """The reply with that head to a plain question, without records and with TC.

    Nothing of it is longer than in the query, so that a flood is not made larger; a cookie is not
    given, for that would be.
    """
    bare = opt[:9] + b"\0\0" if opt else b""  # up to RDLENGTH
    flags = (int.from_bytes(head[:2], "big") | TC).to_bytes(2, "big")
    counts = b"\0\1\0\0\0\0\0\1" if opt else b"\0\1\0\0\0\0\0\0"
    return b"".join((wire[:2], flags, counts, wire[12 : end + 4], bare))


def _refuse(rcode: int) -> Handler:
    return lambda request, wire, source, tcp: Answer(rcode)


_NEAR = range(6)  # how many labels up the short way looks for a zone; it is no way for long names

_NAME_END = 12 + MAX_WIRE  # where the question's name ends at the latest

_CNAME = struct.pack("!H", CNAME)
