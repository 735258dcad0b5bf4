"""All rules by their ids, and the words that a diagnosis may be told in."""

from __future__ import annotations

from ddns.policy.diagnosis.model import SENTENCES
from ddns.policy.diagnosis.requests import NAMELESS
from ddns.policy.diagnosis.rules_of_habits import RULES_OF_HABITS
from ddns.policy.diagnosis.rules_of_requests import RULES_OF_REQUESTS

RULES = {rule.id: rule for rule in (*RULES_OF_REQUESTS, *RULES_OF_HABITS)}


def messages() -> list[str]:
    """Return what is translated: format strings, and words of a diagnosis that stand in them. So
    do reasons of refusals (:class:`ddns.model.update.Status`), which are not told here alone."""
    texts = [text for rule in RULES.values() for text in (rule.why, rule.change)]
    return list(dict.fromkeys([*SENTENCES.values(), NAMELESS, *texts]))
