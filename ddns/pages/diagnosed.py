"""A diagnosis in the reader's language, for templates."""

from __future__ import annotations

from typing import Any

from ddns.api.serializers import time_json
from ddns.pages.rendering import duration_text, time_text
from ddns.pages.visit import Visit
from ddns.policy.diagnosis import Diagnosis, Moment, Parameter, Span


def in_words(visit: Visit, diagnosis: Diagnosis) -> dict[str, Any]:
    """Return a diagnosis as text: what clients have sent is in it as they sent it."""

    def show(parameter: Parameter) -> str:
        if isinstance(parameter, Moment):
            return time_text(visit.language, parameter)
        if isinstance(parameter, Span):
            return duration_text(visit.language, parameter)
        return str(parameter)

    return {
        "state": str(diagnosis.state),
        "sentence": diagnosis.sentence(visit.say, show),
        "findings": [
            {
                "rule": finding.rule.id,
                "severity": str(finding.severity),
                "at": time_json(finding.at),
                "why": finding.why(visit.say, show),
                "change": finding.change(visit.say, show),
            }
            for finding in diagnosis.findings
        ],
    }
