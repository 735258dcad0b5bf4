"""JSON Schemas of answers about people: their accounts, keys, sessions and invitations."""

from __future__ import annotations

from ddns.api.schema_parts import (
    FLAG,
    IDN,
    NAME,
    NUMBER,
    STRING,
    TEXTS,
    TIME,
    Schema,
    list_of,
    object_of,
    or_null,
    ref,
)
from ddns.model.account import KeyKind, Language, Right

_LANGUAGE: Schema = {"enum": list(Language)}
_account = {
    "name": STRING,
    "password": FLAG,
    "email": or_null(STRING),
    "operator": FLAG,
    "language": or_null(_LANGUAGE),
    "blocked": or_null(ref("Block")),
}
_key = {
    "id": NUMBER,
    "account": STRING,
    "kind": {"enum": list(KeyKind)},
    "enabled": FLAG,
    "hosts": or_null(TEXTS),
    "rights": {"type": "array", "items": {"enum": list(Right)}},
    "zones": or_null(TEXTS),
    "types": or_null(TEXTS),
}
_TSIG = {"name": NAME, "algorithm": STRING}
_invitation = {
    "id": NUMBER,
    "zone": NAME,
    "uses": NUMBER,
    "expires": TIME,
    "created": TIME,
    "by": STRING,
}

PEOPLE: dict[str, Schema] = {
    "Invitation": object_of(IDN, **_invitation),
    "NewInvitation": object_of(IDN, code=STRING, **_invitation),
    "Invitations": object_of(invitations=list_of("Invitation")),
    "Member": object_of(IDN, zone=NAME, account=STRING, since=TIME),
    "Members": object_of(members=list_of("Member")),
    "Account": object_of(**_account),
    "Accounts": object_of({"next": STRING}, accounts=list_of("Account")),
    "AccountLimit": object_of(**_account, host_limit=NUMBER),
    "WholeAccount": object_of(
        **_account,
        host_limit=NUMBER,
        second_factors=TEXTS,
        dondns=FLAG,
        keys=list_of("Key"),
        hosts=TEXTS,
        zones=TEXTS,
        requests=list_of("Request"),
    ),
    "Key": object_of(_TSIG, **_key),
    "NewKey": object_of(_TSIG, key=STRING, **_key),
    "Keys": object_of(keys=list_of("Key")),
    "AcmeDnsRegistration": object_of(
        subdomain=STRING,
        fulldomain=NAME,
        account=or_null(STRING),
        allowfrom=TEXTS,
        note=STRING,
        created=TIME,
        used=or_null(TIME),
    ),
    "AcmeDnsRegistrations": object_of(
        {"next": STRING}, registrations=list_of("AcmeDnsRegistration")
    ),
    "NewAcmeDnsRegistration": object_of(
        username=STRING, password=STRING, fulldomain=NAME, subdomain=STRING, allowfrom=TEXTS
    ),
    "Address": object_of(name=STRING, email=STRING),
    "Session": object_of(token=STRING, expires=TIME, account=STRING, language=or_null(_LANGUAGE)),
    "SecondFactor": object_of(totp=FLAG, recovery_codes=NUMBER, passkeys=list_of("Passkey")),
    "Passkey": object_of(id=NUMBER, name=STRING, created=TIME, used=or_null(TIME)),
    "Passkeys": object_of(passkeys=list_of("Passkey")),
    "PasskeyOptions": object_of(options={"type": "object"}),
    "NewPasskey": object_of(passkey=ref("Passkey"), recovery_codes=or_null(TEXTS)),
    "NewTotp": object_of(secret=STRING, uri=STRING),
    "RecoveryCodes": object_of(recovery_codes=TEXTS),
    "FirstCodes": object_of(recovery_codes=or_null(TEXTS)),
    "OpenSession": object_of(
        **dict.fromkeys(("id", "peer", "agent"), STRING),
        **dict.fromkeys(("created", "used"), TIME),
        **dict.fromkeys(("second_factor", "current"), FLAG),
    ),
    "Sessions": object_of(sessions=list_of("OpenSession")),
    "SessionClosed": object_of(id=STRING),
    "SessionsClosed": object_of(closed=NUMBER),
    "LoggedOut": object_of(account=STRING),
    "Requested": object_of(name_or_email=STRING),
    "Block": object_of(reason=STRING, since=TIME, until=or_null(TIME)),
    "Export": object_of(
        part=STRING, items={"type": "array", "items": {"type": "object"}}, next=or_null(STRING)
    ),
}
