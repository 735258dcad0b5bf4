"""Rules about refused requests: whose key, which host, how often.

Parameters that many of them have: ``peer`` is where a request came from, ``client`` what sent it,
``protocol`` what it speaks, ``name`` the host.
"""

from __future__ import annotations

from ddns.policy.diagnosis.model import Rule, Severity

_E, _W = Severity.ERROR, Severity.WARNING

RULES_OF_REQUESTS = (
    Rule(
        "never-heard",
        _W,
        "No request for {name} has ever arrived.",
        "Set the client up with this server, your account {account} and the host {name}. If it is"
        " set up already, it does not reach this server: check the server's name and port, and that"
        " no firewall is in between.",
    ),
    Rule(
        "tls-too-old",
        _W,
        "A client at {peer} speaks too old a TLS, or no cipher of this server, so that it has asked"
        " for nothing.",
        "Update its firmware, for it has to speak TLS 1.2. Otherwise have it use HTTP, if the"
        " server offers that: then its key is sent in the clear.",
    ),
    Rule(
        "http-for-https",
        _W,
        "A client at {peer} speaks HTTP on the port of HTTPS, so that it has asked for nothing.",
        "Switch HTTPS on in the client, or write https:// in its URL.",
    ),
    Rule(
        "certificate-refused",
        _W,
        "A client at {peer} does not trust this server's certificate, so that it has asked for"
        " nothing.",
        "Check that the client calls the server by the name in the certificate and that its clock"
        " is right, and renew its root certificates. If others fail as well, tell the operator.",
    ),
    Rule(
        "unknown-user",
        _E,
        "{client} at {peer} sends a user name that is not yours.",
        "Enter {account} as the user name.",
    ),
    Rule(
        "swapped",
        _E,
        "{client} at {peer} sends the key as its user name, and the user name as its password.",
        "Exchange the two: {account} is the user name, the key goes in the place of the password.",
    ),
    Rule(
        "key-of-other-user",
        _E,
        "{client} at {peer} sends a key that belongs to another user name than the one it sends.",
        "Enter the name of the account as the user name. A host's name is taken in its place only"
        " with a key that is limited to this host.",
    ),
    Rule(
        "key-of-other-kind",
        _E,
        "{client} at {peer} sends a key of the kind {kind}, which {protocol} does not take.",
        "Make a key of the kind {wanted} and enter it in the client, or have the client use a"
        " protocol for which its key is good.",
    ),
    Rule(
        "key-for-tools",
        _E,
        "{client} at {peer} sends a key that is for tools which change records, and may not update"
        " hosts.",
        "Make a key of the kind {wanted} with the right to update and enter it in the client.",
    ),
    Rule(
        "key-disabled",
        _E,
        "{client} at {peer} sends a key that has been disabled.",
        "Enable the key again, or enter another one in the client.",
    ),
    Rule(
        "password-for-key",
        _E,
        "{client} at {peer} sends the password of the account, and {protocol} takes keys only.",
        "Make a key of the kind {wanted} and enter it in the client in place of the password.",
    ),
    Rule(
        "no-key",
        _E,
        "{client} at {peer} speaks {protocol}, and the account has no key for it.",
        "Make a key of the kind {wanted} and enter it in the client.",
    ),
    Rule(
        "gnudip-user",
        _E,
        "{client} at {peer} speaks GnuDIP, whose user is a host, but sends no host to which a key"
        " for it is limited.",
        "Limit a key of the kind {wanted} to {name}, and enter {label} as the user name and {zone}"
        " as the domain in the client.",
    ),
    Rule(
        "not-a-key",
        _E,
        "What {client} at {peer} sends as its password is no key: keys have {short} or {length}"
        " letters and digits, and nothing else. Nor is it a password that is taken.",
        "Enter the key again as it was shown. Some routers cut long passwords off, or add blanks;"
        " if it is lost, make a new one.",
    ),
    Rule(
        "wrong-key",
        _E,
        "{client} at {peer} sends a wrong key.",
        "Enter the key again as it was shown. Upper and lower case matter; if the key is lost, or"
        " was regenerated, make a new one.",
    ),
    Rule(
        "key-of-other-host",
        _E,
        "{client} at {peer} sends a key that is limited to other hosts than {name}.",
        "Make a key for {name}, or one for all hosts of the account, and enter it in the client.",
    ),
    # Hosts
    Rule(
        "host-misspelt",
        _E,
        "{client} at {peer} asks for {sent}, and there is no such host.",
        "Write {name} in the client, if that is meant.",
    ),
    Rule(
        "host-without-zone",
        _E,
        "{client} at {peer} asks for {sent}, without the zone of the host.",
        "Write the whole name, {name}, in the client.",
    ),
    Rule(
        "host-doubled",
        _E,
        "{client} at {peer} asks for {sent}, which is the host's name and more.",
        "Write {name} alone where the client asks for the host. If its form has a field for the"
        " URL as well, leave the host out of one of the two.",
    ),
    Rule(
        "host-unknown",
        _E,
        "{client} at {peer} asks for {sent}, and no host of yours has such a name.",
        "Write {name} in the client, if that is meant, or add the host that it asks for.",
    ),
    Rule(
        "no-host",
        _E,
        "{client} at {peer} names no host.",
        "Write {name} where the client asks for the host. If its form has a field for the URL, the"
        " host may have to be a part of it, such as hostname={name}.",
    ),
    Rule(
        "not-activated",
        _E,
        "{client} at {peer} speaks DonDNS, which only updates what is there, and {name} has no"
        " record of the type that it sets.",
        "Add a record of this type to the host; any address will do.",
    ),
    Rule(
        "hidden",
        _E,
        "{name} has an alias, or a delegation or DNAME above it, so that it can have no address.",
        "Remove the alias or the delegation.",
    ),
    Rule(
        "malformed-request",
        _E,
        "{client} at {peer} sends a request that {protocol} does not know: {reason}.",
        "Choose another type of service in the client, such as DynDNS or custom, and compare its"
        " URL with the one in the documentation.",
    ),
    # Too often, blocked
    Rule(
        "too-often",
        _E,
        "{client} at {peer} has changed the address of {name} too often. The next change is taken"
        " after {until}.",
        "See to it that the client sends an address only when it has changed, and that no other"
        " client sends another address.",
    ),
    Rule(
        "blocked-until",
        _E,
        "Account {account} is blocked until {until}: {reason}.",
        "Stop what has led to it, and wait until then, or ask the operator.",
    ),
    Rule(
        "blocked",
        _E,
        "Account {account} is blocked: {reason}.",
        "Stop what has led to it, and ask the operator to lift the block.",
    ),
    Rule(
        "was-blocked",
        _E,
        "{client} was told that the account is blocked. It is not any more.",
        "Have the client try again: many stop for good when they are told so.",
    ),
    Rule(
        "network-refused",
        _E,
        "The operator refuses requests from {peer}.",
        "Use another network, or ask the operator.",
    ),
    Rule(
        "server-failed",
        _W,
        "The server could not do what {client} at {peer} asked for, at {time}.",
        "Wait for the client to try again. If it goes on, tell the operator.",
    ),
)
