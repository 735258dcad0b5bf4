"""The answer engine: one DNS message in, one reply out.

Nearly all queries have the same shape: one name, a type without additional section processing, and
no EDNS or an OPT with a payload size and perhaps a cookie. The fast path recognises them by their
octets and answers with slices of the node; where it was compiled (:mod:`ddns.zone.compiled`), that
does the same. All others take :meth:`Engine.respond_in_full`: parse, rate limit, look up, pack. It
gives the same reply, octet for octet, to queries of the fast path.
"""

from __future__ import annotations

import struct

from ddns.model.names import MAX_WIRE, WILDCARD
from ddns.model.records import CNAME, IN
from ddns.zone.cookies import CLIENT, Cookies, is_well_formed
from ddns.zone.fast_path import (
    ACCOMPANIED,
    COOKIE_AT,
    POINTERS,
    TYPES,
    CookieTails,
    compiled_fast_path,
    fast_path_headers,
    truncated,
)
from ddns.zone.handlers import Client, Handler, Later, Reply, finished, refuse
from ddns.zone.lookup import lookup
from ddns.zone.message import (
    AXFR,
    BADVERS,
    FORMERR,
    IXFR,
    NOERROR,
    NOTAUTH,
    NOTIFY,
    NOTIMP,
    NXDOMAIN,
    QUERY,
    REFUSED,
    TCP_MAX,
    UDP_PLAIN,
    UPDATE,
    Answer,
    Query,
    parse,
)
from ddns.zone.packing import cookie_option, pack, zone_options
from ddns.zone.reasons import not_supported
from ddns.zone.rrl import ABSENT, DROP, ERRORS, SLIP, RateLimiter
from ddns.zone.tsig import Signatures
from ddns.zone.zone import Zones

PAYLOAD = 1232
"""Octets of UDP payload that pass any path without fragmentation (DNS Flag Day 2020)."""


class Engine:
    """Answers DNS messages from zones. It never raises, whatever the input.

    - *payload*: maximum size of UDP replies in octets, and the size announced with EDNS.
    - *limiter*: response rate limiting over UDP; None for no limit.
    - *cookies*: issues and verifies DNS cookies; None ignores the option.
    - *signatures*: verifies those of requests (TSIG); None knows no key.
    - *compiled*: whether to use the compiled fast path where there is one; then it is ``compiled``.

    ``handlers`` answer all other messages, by opcode, and ``transfer`` AXFR and IXFR.
    """

    def __init__(
        self,
        zones: Zones,
        *,
        payload: int = PAYLOAD,
        limiter: RateLimiter | None = None,
        cookies: Cookies | None = None,
        signatures: Signatures | None = None,
        compiled: bool = True,
    ) -> None:
        self.zones = zones
        self._signatures = signatures or Signatures(lambda name: None, lambda: 0.0)
        self.payload = payload
        self.compiled = compiled_fast_path(zones, payload) if compiled else None
        self._respond_fast = self.compiled.respond if self.compiled else self._respond_in_python
        self.use(limiter, cookies)
        self._fast_path = fast_path_headers(payload)
        self.handlers: dict[int, Handler] = {
            QUERY: self._query,
            NOTIFY: refuse(NOTAUTH, "not a secondary"),
            UPDATE: refuse(REFUSED, "no updates here"),
        }
        self.transfer: Handler = refuse(REFUSED, "no transfers here")

    def use(self, limiter: RateLimiter | None, cookies: Cookies | None) -> None:
        """Replace rate limiter and cookies."""
        if self.compiled is not None:
            self.compiled.use(limiter, cookies)
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

    def _respond_in_python(self, wire: bytes, source: bytes, tcp: bool) -> bytes | None:
        """Return the reply, empty to stay silent, or None if the query needs the full path."""
        matched = self._fast_path.get(wire[2:12])
        if matched is None:
            return None
        hit, nodata, nxdomain, after, tails, cookie_tails = matched
        end = wire.find(b"\0", 12) + 1
        rest = wire[end + 2 :]
        qtype = wire[end : end + 2]
        tail = tails.get(rest) or self._tail_with_cookie(cookie_tails, rest, source)
        if tail is None or qtype not in TYPES or end > _NAME_END:
            return None
        room, opt, exempt = tail
        # These octets have not been validated as a name; the zero at their end may be inside a
        # label. But whatever equals a stored name is a name: lower() leaves length octets alone,
        # which are below 64, and never produces one, since letters are above 63.
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
        encloser = rrl_key = name
        if node is None:
            # Find the closest encloser (RFC 4592 3.3.1). The same walk found the apex, so there is
            # one. Valid labels in front of a name make a name.
            while encloser not in nodes:
                if encloser[0] > 63:
                    return None
                encloser = encloser[1 + encloser[0] :]
            rrl_key = WILDCARD + encloser
            node = nodes.get(rrl_key)
        if zone.cuts and zone.may_be_cut(encloser):
            return None
        found = b""
        if node is None:
            node, head = b"", nxdomain
            rrl_key = ABSENT + zone.origin
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
        size = end + (at - body if found else 2 + len(negative))
        if size > room:
            return None
        if self._account is not None and not (tcp or exempt):
            verdict = self._account(source, rrl_key, size + 4 + len(opt) - 2 * len(wire))
            if verdict:
                return truncated(wire, head, end, opt) if verdict == SLIP else b""
        question = wire[12 : end + 4]
        if found:
            count = node[body - 6 : body - 4]
            return b"".join((wire[:2], hit, count, after, question, node[body:at], opt))
        pointer = POINTERS[end - len(zone.origin)]
        return b"".join((wire[:2], head, question, pointer, negative, opt))

    def _tail_with_cookie(
        self, tails: CookieTails, rest: bytes, source: bytes
    ) -> tuple[int, bytes, bool] | None:
        """Match a tail whose OPT has a cookie and no other option; see
        :data:`ddns.zone.fast_path.Tails`."""
        found = tails.get(rest[:COOKIE_AT])
        if found is None or self._cookies is None or len(rest) != found[0]:
            return None
        client = rest[COOKIE_AT : COOKIE_AT + CLIENT]
        server, good = self._cookies.renew(client, rest[COOKIE_AT + CLIENT :], source)
        return found[1], found[2] + client + server, good

    def respond_in_full(self, wire: bytes, source: bytes, tcp: bool) -> Reply:
        """Like :meth:`respond`, without the fast path."""
        request = parse(wire)
        if request is None:
            return None
        error, signer = self._signatures.check(request, wire)
        client = Client(source, tcp, signer)
        if error and request.opcode in self.handlers:
            return self._finish(request, Answer(NOTAUTH), client)  # RFC 8945 5.2
        answer = self._decide(request, wire, source, tcp)
        if isinstance(answer, Answer):
            return self._finish(request, answer, client)
        return finished(answer, lambda one: self._finish(request, one, client))

    def _finish(self, request: Query, reply: Answer, client: Client) -> bytes | None:
        """Pack and sign an answer, unless the rate limit has it dropped or cut short."""
        source, tcp, signer = client
        limit = TCP_MAX
        if not tcp:
            limit = UDP_PLAIN
            if request.edns is not None:
                limit = max(UDP_PLAIN, min(request.edns.payload, self.payload))
        options, exempt = reply.options, tcp or bool(request.key)
        if reply.reason is not None:
            options += reply.reason.option()
        cookie = self._cookie(request)
        if cookie is not None and self._cookies is not None and reply.rcode != FORMERR:
            server, good = self._cookies.renew(cookie[:CLIENT], cookie[CLIENT:], source)
            options += cookie_option(cookie[:CLIENT] + server)
            exempt = exempt or good
        if signer is not None:
            limit -= signer.size
        message = pack(request, reply, limit, self.payload, options)
        if not exempt and self._account is not None:
            answered = reply.rcode in (NOERROR, NXDOMAIN)
            rrl_key = reply.rrl_key if answered else ERRORS
            verdict = self._account(source, rrl_key, len(message) - 2 * request.size)
            if verdict == DROP:
                return None
            if verdict == SLIP:
                # An error is sent as it is: TC would promise more over TCP.
                reply = Answer(reply.rcode, reply.authoritative, truncated=answered)
                message = pack(request, reply, limit, self.payload)
        return message if signer is None else signer.sign(message, self._signatures.now())

    def _cookie(self, request: Query) -> bytes | None:
        """Return the COOKIE option of a request, if cookies are in use."""
        edns = request.edns
        if self._cookies is None or edns is None or edns.version:
            return None
        return edns.cookie

    def _decide(self, request: Query, wire: bytes, source: bytes, tcp: bool) -> Answer | Later:
        """Refuse what no opcode allows, and let the handler of the request's opcode answer the
        rest."""
        handler = self.handlers.get(request.opcode)
        if handler is None:
            return Answer(NOTIMP, reason=not_supported("opcode"))
        cookie = self._cookie(request)
        if request.error or (cookie is not None and not is_well_formed(cookie)):
            return Answer(FORMERR)
        if not request.question:
            # One may ask for nothing but a cookie (RFC 7873 5.4).
            return Answer(FORMERR if cookie is None or request.opcode != QUERY else NOERROR)
        if request.edns is not None and request.edns.version:
            return Answer(BADVERS)
        return handler(request, wire, source, tcp)

    def _query(self, request: Query, wire: bytes, source: bytes, tcp: bool) -> Answer | Later:
        if request.class_ != IN:
            return Answer(REFUSED, reason=not_supported("class"))
        if request.type in (AXFR, IXFR):
            return self.transfer(request, wire, source, tcp)
        answer = lookup(self.zones, request.name, request.starts, request.type)
        edns = request.edns
        if edns is not None and (edns.asks_expire or edns.asks_version):
            zone = self.zones.nearest(request.name, request.starts, request.type)
            if zone is not None and zone.negative is not None:
                answer.options = zone_options(request, zone.origin, zone.negative)
        return answer


_NEAR = range(6)  # suffixes of a name that the fast path tries as a zone's origin

_NAME_END = 12 + MAX_WIRE  # maximum offset of the end of the question's name

_CNAME = struct.pack("!H", CNAME)
