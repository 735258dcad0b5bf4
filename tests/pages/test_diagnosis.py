"""The words of a diagnosis in other languages."""

from __future__ import annotations

import re

import pytest

from ddns.pages.languages import LANGUAGES, translations
from ddns.policy.diagnosis import messages

PARAMETER = re.compile(r"\{\w*\}?")


@pytest.mark.parametrize("language", list(LANGUAGES)[1:])
@pytest.mark.parametrize("message", messages())
def test_it_is_translated_with_all_of_its_parameters(language: str, message: str) -> None:
    told = translations(language).gettext(message)
    assert told != message
    assert set(PARAMETER.findall(told)) == set(PARAMETER.findall(message))
    assert (told[-1] == ".") == (message[-1] == ".")
