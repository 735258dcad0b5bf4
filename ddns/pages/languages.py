"""The languages of pages: which one a reader wants, and the words in it."""

from __future__ import annotations

import functools
import io
from gettext import NullTranslations
from importlib.resources import files

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

LANGUAGES = {"en": "English", "es": "Español"}
"""What pages are written in first, and what they are translated to."""


def choose(wanted: str, accepted: str) -> str:
    """Return the language that was chosen before, else the one that a browser likes best
    (Accept-Language, RFC 9110 12.5.4).

    >>> choose("", "de, es-MX;q=0.8, en;q=0.5"), choose("en", "es"), choose("", "*")
    ('es', 'en', 'en')
    """
    if wanted in LANGUAGES:
        return wanted
    found: list[tuple[float, str]] = []
    for part in accepted[:500].split(","):
        tag, _, weight = part.partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in LANGUAGES:
            found.append((_quality(weight), language))
    best = max(found, key=lambda one: one[0], default=(0.0, ""))
    return best[1] if best[0] > 0 else next(iter(LANGUAGES))


def _quality(weight: str) -> float:
    name, _, value = weight.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


@functools.cache
def translations(language: str) -> NullTranslations:
    """Return the words of a language, read from its ``.po`` file; the first language has none."""
    if language == next(iter(LANGUAGES)):
        return NullTranslations()
    source = files("ddns.pages") / "locale" / language / "LC_MESSAGES" / "messages.po"
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(source.read_bytes()), locale=language))
    compiled.seek(0)
    return Translations(compiled)
