"""Why credentials were refused, found out without the client's noticing.

Every question that might be asked is asked each time, whatever the answers to the others are, so
that a refusal takes as long for an unknown user as for a wrong secret.
"""

from __future__ import annotations

from ddns.model import names
from ddns.model.account import Key, KeyKind, Right
from ddns.model.update import Cause, ChallengeResponse, Credentials
from ddns.policy import secrets
from ddns.policy.directory import Directory, belongs, takes_user

_KINDS = {
    KeyKind.UPDATE: Cause.UPDATE_KEY,
    KeyKind.DONDNS: Cause.DONDNS_KEY,
    KeyKind.MINIUPDATE: Cause.MINIUPDATE_KEY,
    KeyKind.TSIG: Cause.TSIG_KEY,
    KeyKind.FREEDNS: Cause.FREEDNS_KEY,
}


def cause_of(
    directory: Directory, given: Credentials | ChallengeResponse, monotonic: float
) -> tuple[Cause, str | None]:
    """Return why credentials were refused, and whose they would be in another place.

    :param monotonic: the time of the cache of passwords. Only what is in it is known to be a
        password: argon2 is not run for this.
    """
    if isinstance(given, ChallengeResponse):
        return _cause_of_response(directory, given), None
    exchanged = Credentials(given.secret, given.user.strip(), given.kind)
    key, key_as_user = directory.key(given.secret), directory.key(exchanged.secret)
    is_users = key is not None and belongs(key, given)
    is_swapped = key_as_user is not None and takes_user(key_as_user, exchanged.user_name)
    password, _ = directory.passwords.recall(given, monotonic)
    password_as_user, _ = directory.passwords.recall(exchanged, monotonic)
    account, may_be_host = directory.account(given.user), _may_be_host(given.user_name)
    if key is not None and is_users:
        return _cause_of_key(key, given), key.account
    if key_as_user is not None and is_swapped:
        return Cause.SWAPPED, key_as_user.account
    if password_as_user is not None:
        return Cause.SWAPPED, password_as_user
    if key is not None:
        return Cause.OTHER_USER, key.account
    if password is not None:
        return Cause.PASSWORD, password
    if account is None and not may_be_host and not given.nameless:
        return Cause.UNKNOWN_USER, None
    return Cause.WRONG if secrets.looks_like_key(given.secret) else Cause.NOT_A_KEY, None


def _cause_of_key(key: Key, given: Credentials) -> Cause:
    """Return why a key of the user's own was refused."""
    if key.kind is not given.kind:
        return _KINDS[key.kind]
    return Cause.DISABLED if Right.UPDATE in key.rights else Cause.TOOLS_KEY


def _cause_of_response(directory: Directory, given: ChallengeResponse) -> Cause:
    """Return why a response to a challenge was refused; it says nothing of its secret."""
    account, can_respond = directory.account(given.user), directory.can_respond(given)
    if can_respond:
        return Cause.WRONG
    return Cause.UNKNOWN_USER if account is None else Cause.NO_KEY


def _may_be_host(user: str) -> bool:
    """Return whether a user name may be a host's, as it is with keys that are limited to hosts."""
    try:
        return bool(names.host_from_text(user))
    except names.BadName:
        return False
