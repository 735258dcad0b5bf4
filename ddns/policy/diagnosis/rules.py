"""All rules by their ids, and the words that a diagnosis may be told in."""

from __future__ import annotations

from ddns.model.update import SUCCESSES, Status
from ddns.policy.diagnosis.model import SENTENCES
from ddns.policy.diagnosis.rules_of_habits import RULES_OF_HABITS
from ddns.policy.diagnosis.rules_of_requests import RULES_OF_REQUESTS

RULES = {rule.id: rule for rule in (*RULES_OF_REQUESTS, *RULES_OF_HABITS)}


def messages() -> list[str]:
    """Return all that is translated: format strings, and words that stand in them."""
    reasons = [status.value for status in Status if status not in SUCCESSES]
    texts = [text for rule in RULES.values() for text in (rule.why, rule.change)]
    return list(dict.fromkeys([*SENTENCES.values(), *texts, *reasons]))
