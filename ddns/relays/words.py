"""The words in which servers of dyndns2 answer."""

from __future__ import annotations

from ddns.model.outward import OutwardAnswer
from ddns.model.records import address_from_text
from ddns.model.relays import HostAddresses
from ddns.relays.base import Failed, by_status

LASTING = {
    "badauth": "it refuses the user name or the password",
    "badagent": "it refuses this program",
    "!donator": "it wants to be paid for this",
    "!yours": "the host there is somebody else's",
    "nohost": "it does not know the host",
    "notfqdn": "it takes the host's name for none",
    "numhost": "it takes the host for too many",
    "abuse": "it has blocked the host for changing too often",
    "blocked": "it has blocked the host",
}
PASSING = {
    "dnserr": "its DNS is out of order",
    "911": "it is out of order",
}
SUCCESSES = ("good", "nochg")


def read_words(answer: OutwardAnswer, sent: HostAddresses) -> str:
    """Return what an answer to a request for one host says in words.

    :raises Failed: when it is no success, or says that other addresses were set than were *sent*.
    """
    parts = answer.body[:1000].decode("latin-1").replace(",", " ").split()
    word = parts[0].lower() if parts else ""
    if word in LASTING:
        raise Failed(f"{LASTING[word]} ({word})", lasting=True)
    if word in PASSING:
        raise Failed(f"{PASSING[word]} ({word})")
    if word not in SUCCESSES or answer.status >= 300:
        raise by_status(answer)
    wanted = {address_from_text(text) for text in sent if text is not None}
    for part in parts[1:]:
        if (address := address_from_text(part)) is not None and wanted and address not in wanted:
            raise Failed(f"it says that it has set another address, {part}")
    return word
