"""Why a host is not updated: rules over its last requests and its state."""

from ddns.policy.diagnosis.diagnose import ENOUGH, diagnose
from ddns.policy.diagnosis.model import (
    SENTENCES,
    Diagnosis,
    Finding,
    HostState,
    Moment,
    Parameter,
    Rule,
    Severity,
    Span,
    State,
    Words,
    shown,
)
from ddns.policy.diagnosis.rules import RULES, messages

__all__ = [
    "ENOUGH",
    "RULES",
    "SENTENCES",
    "Diagnosis",
    "Finding",
    "HostState",
    "Moment",
    "Parameter",
    "Rule",
    "Severity",
    "Span",
    "State",
    "Words",
    "diagnose",
    "messages",
    "shown",
]
