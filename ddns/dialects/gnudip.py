"""GnuDIP over HTTP, /gnudip/cgi-bin/gdipupdt.cgi: a salt, and then an update with a hash of the
password and the salt, both answered in lines of HTML meta tags.

The password is a miniupdate key that is limited to the host: its clients log in by the label of the
host. A salt is signed together with when and to whom it was given, so none needs to be remembered;
one that was overheard is of no use elsewhere, or later.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from secrets import token_bytes

from ddns.dialects.addresses import NO_ADDRESSES, given_edits, said_of
from ddns.dialects.base import Reply, Request, answer, in_all, shown_addresses
from ddns.dialects.parsing import full_name, update_of
from ddns.model.update import (
    OFFLINE,
    SUCCESSES,
    ChallengeResponse,
    Edit,
    Outcome,
    Status,
    Update,
    change_of,
)

SALT = 10  # characters
VALID = 60  # seconds

_UPDATED, FAILED, _OFFLINE = "0", "1", "2"
_SET, _REMOVE, _DETECT = "0", "1", "2"
"""Return codes, and request codes."""


class GnuDIP:
    """The dialect of /gnudip/cgi-bin/gdipupdt.cgi.

    :param random: makes salts, and the key that signs them.
    """

    name = "gnudip"
    paths = ("/gnudip/cgi-bin/gdipupdt.cgi",)
    loggable = frozenset({"user", "domn", "reqc", "addr", "time"})

    def __init__(self, random: Callable[[int], bytes] = token_bytes) -> None:
        self._random = random
        self._key = random(32)

    def parse(self, request: Request) -> Update | Outcome:
        args = request.args
        if "pass" not in args:
            return Outcome()
        salt, time = args.get("salt", ""), args.get("time", "")
        if not self._is_valid(request, salt, time):
            return Outcome(Status.BADAUTH)
        return update_with(request, salt)

    def render(self, request: Request, outcome: Outcome) -> Reply:
        if outcome.refusal is None and not outcome.results:
            return answer(outcome, self._new_salt(request))
        code, address = told(request, outcome)
        return answer(outcome, _meta(retc=code, **({"addr": address} if address else {})))

    def _new_salt(self, request: Request) -> str:
        salt = new_salt(self._random)
        time = str(int(request.now))
        return _meta(salt=salt, time=time, sign=self._sign(salt, time, request.peer))

    def _sign(self, *parts: str) -> str:
        signed = "\n".join(parts).encode("utf-8", "surrogateescape")
        return hmac.new(self._key, signed, hashlib.sha256).hexdigest()[:32]

    def _is_valid(self, request: Request, salt: str, time: str) -> bool:
        """Return whether a salt was given to this client, less than a minute ago."""
        given = request.args.get("sign", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._sign(salt, time, request.peer).encode()):
            return False
        return 0 <= request.now - int(time) < VALID


def new_salt(random: Callable[[int], bytes]) -> str:
    """Return a salt of letters and digits."""
    return base64.b32encode(random(SALT)).decode()[:SALT]


def update_with(request: Request, salt: str) -> Update:
    """Return the update of a request by a client that was given a salt."""
    args = request.args
    edits = _edits(args, request.peer)
    host = full_name(args.get("user", "").strip(), args.get("domn", "").strip())
    return update_of(
        request,
        GnuDIP.name,
        ChallengeResponse(host, f".{salt}", args["pass"]),
        (change_of(host, edits or ()),),
        said=OFFLINE if _is_offline(args) else said_of(((args.get("addr"), None),)),
        refusal=Status.BADADDRESS if edits is None else None,
    )


def told(request: Request, outcome: Outcome) -> tuple[str, str]:
    """Return the code that a client is answered, and the address that it asked for, or none."""
    if in_all(outcome) not in SUCCESSES:
        return FAILED, ""
    if _is_offline(request.args):
        return _OFFLINE, ""
    if request.args.get("reqc") == _DETECT:
        return _UPDATED, shown_addresses(outcome.results[0], request.peer)
    return _UPDATED, ""


def _is_offline(args: Mapping[str, str]) -> bool:
    code = args.get("reqc", _SET)
    return code == _REMOVE or (code == _SET and args.get("addr") == "0.0.0.0")


def _edits(args: Mapping[str, str], peer: str) -> tuple[Edit, ...] | None:
    """Return the edits of a request; None if it makes no sense."""
    if _is_offline(args):
        return NO_ADDRESSES
    code = args.get("reqc", _SET)
    if code not in (_SET, _DETECT):
        return None
    return given_edits(((args.get("addr") if code == _SET else None, None),), peer)


def _meta(**fields: str) -> str:
    """Return a line for each field."""
    return "".join(f'<meta name="{name}" content="{value}">\n' for name, value in fields.items())
