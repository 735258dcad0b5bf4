"""Rules about what is updated, but not as it should be: addresses, habits, clients that are known.

Parameters are those of :mod:`ddns.policy.diagnosis.rules_of_requests`.
"""

from __future__ import annotations

from ddns.policy.diagnosis.model import Rule, Severity

_E, _W, _H = Severity

RULES_OF_HABITS = (
    # Addresses
    Rule(
        "client-next-door",
        _E,
        "{client} at {peer} sends no address of its own, so that {name} would get {peer}, at which"
        " nobody outside of this network reaches it.",
        "Have the client find out its public address and send it. If it is outside, the operator"
        " has to have the proxy in front of this server say where requests come from.",
    ),
    Rule(
        "private-address",
        _E,
        "{client} at {peer} sends {address}, an address of a private network that nobody outside of"
        " it can reach.",
        "Have the client ask this server for its public address, or send none, which stands for the"
        " one that the request comes from. Many call that external or web address.",
    ),
    Rule(
        "cgnat-address",
        _E,
        "{client} at {peer} sends {address}, an address that your provider shares among its"
        " customers (CGNAT): nobody can connect to it.",
        "Use IPv6, or ask the provider for a public IPv4 address.",
    ),
    Rule(
        "ula-address",
        _E,
        "{client} at {peer} sends {address}, a unique local address (ULA), which is good in your"
        " own network only.",
        "Have the client send the global IPv6 address of its interface, which begins with 2 or 3.",
    ),
    Rule(
        "link-local-address",
        _E,
        "{client} at {peer} sends {address}, a link-local address, which is good on one cable"
        " only.",
        "Have the client send the global address of its interface, or none.",
    ),
    Rule(
        "documentation-address",
        _E,
        "{client} at {peer} sends {address}, an address for use in examples.",
        "Replace the example in the client's configuration.",
    ),
    Rule(
        "special-address",
        _E,
        "{client} at {peer} sends {address}, which is no public address of a host.",
        "Have the client send the address of its connection to the Internet, or none.",
    ),
    Rule(
        "prefix-for-address",
        _E,
        "{client} at {peer} sends {address}, which is a prefix and no address.",
        "Have the client send an address as well, or give {name} an interface ID in its settings:"
        " then it gets the prefix with that. Not every protocol takes prefixes; dyndns2 does.",
    ),
    Rule(
        "ipv4-prefix",
        _E,
        "{client} at {peer} sends {address}, a prefix of IPv4, which says no host's address.",
        "Have the client send its IPv4 address. The hosts of a LAN take prefixes of IPv6 only.",
    ),
    Rule(
        "glued-prefix",
        _E,
        "{client} at {peer} sends {address}, in which a prefix and something else are one word.",
        "Put a comma between an address and the prefix, and nothing behind the prefix. What comes"
        " behind it in a host's address is its interface ID: enter that in the host's settings.",
    ),
    Rule(
        "malformed-prefix",
        _E,
        "{client} at {peer} sends {address}, which is no prefix of a LAN.",
        "Have the client send the prefix as an IPv6 address with its length, such as"
        " 2001:db8:1::/64, and nothing while it has none.",
    ),
    Rule(
        "prefix-with-host-bits",
        _E,
        "{client} at {peer} sends {address} as a prefix, and it has bits behind the length.",
        "Have the client send the prefix of its LAN, such as <ip6lanprefix> of a FRITZ!Box, or send"
        " this as an address.",
    ),
    Rule(
        "placeholder",
        _E,
        "{client} at {peer} sends {address}: it has not put an address in the place of a word in"
        " its URL.",
        "Use the words that this client knows, such as <ipaddr> for a FRITZ!Box, %i for inadyn or"
        " __MYIP__ for Synology.",
    ),
    Rule(
        "wrong-family",
        _E,
        "{client} at {peer} sends {address} where an address of the other family belongs.",
        "Exchange the IPv4 and IPv6 addresses in the client's URL.",
    ),
    Rule(
        "malformed-address",
        _E,
        "{client} at {peer} sends {address}, which is no address.",
        "Have the client send an address, or none, which stands for the one that the request comes"
        " from.",
    ),
    Rule(
        "address-differs",
        _H,
        "{client} sends {address}, and its request comes from {peer}.",
        "If {name} cannot be reached, the client is behind a VPN, a second router or the provider's"
        " NAT, or has a fixed address in its configuration.",
    ),
    # Habits
    Rule(
        "stale",
        _W,
        "Nothing has been heard of {client} since {since}; it came every {habit}.",
        "Check that the device runs and is connected, and that its client is still switched on.",
    ),
    Rule(
        "expires",
        _W,
        "If no client is heard of, {name} goes offline at {until}.",
        "Have the client run before, or change after how many days the host goes offline.",
    ),
    Rule(
        "follows-nobody",
        _W,
        "{name} follows {leader}, and account {account} has no such host.",
        "Add {leader} again, or choose another host to follow in the settings of {name}.",
    ),
    Rule(
        "waits-for-prefix",
        _W,
        "{name} follows {leader}, and no client of that has told a prefix, so that {name} has no"
        " IPv6 address.",
        "Have the client of {leader} send the prefix of its LAN; it is taken at its next update.",
    ),
    Rule(
        "offline-by-client",
        _W,
        "{client} at {peer} has taken {name} offline.",
        "Have a client send an address, or switch off what takes the host offline.",
    ),
    Rule(
        "ipv6-stopped",
        _W,
        "{client} goes on to send IPv4 addresses, but has sent no IPv6 address since {since}; the"
        " last one was {address}.",
        "Check that the device still has a global IPv6 address, and that its client is to send it.",
    ),
    Rule(
        "ipv4-stopped",
        _W,
        "{client} goes on to send IPv6 addresses, but has sent no IPv4 address since {since}; the"
        " last one was {address}.",
        "Check that the device still has a public IPv4 address, and that its client is to send it.",
    ),
    Rule(
        "nochg-storm",
        _W,
        "{client} at {peer} sends the same address again and again, every {every}, though it is"
        " told that nothing has changed.",
        "Have it send an address only when it has changed, and otherwise every few hours at most.",
    ),
    Rule(
        "two-clients",
        _W,
        "Two clients take {name} from each other: {client} sets {address}, {other} sets"
        " {other_address}.",
        "Switch one of them off, or give each of them a host of its own.",
    ),
    Rule(
        "plain-http",
        _H,
        "{client} sends its key in the clear.",
        "Have it use HTTPS, which this server offers, if it can.",
    ),
    # Clients that are known
    Rule(
        "gave-up",
        _W,
        "{client} ends for good when it is told: {answer}.",
        "Correct what the other findings say, then start the client again.",
    ),
    Rule(
        "forgets-refusal",
        _H,
        "{client} with a fixed address takes an update that was refused for done.",
        "Let it find out its address (use=web or use=if), or remove its cache file and run it"
        " again.",
    ),
    Rule(
        "ddclient-usev6",
        _W,
        "{client} sends no address: with usev6 this version leaves the IPv6 address out, and the"
        " host gets the one that the request comes from.",
        "Use a newer version, or give the IPv6 address with use in a configuration of its own.",
    ),
)
