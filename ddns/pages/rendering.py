"""HTML from templates (Jinja2), in the reader's language."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_decimal
from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from markupsafe import Markup

from ddns.api.serializers import time_json
from ddns.pages.languages import LANGUAGES, translations
from ddns.pages.qr import qr_code

KEPT = 4096
"""Times and durations in words that are kept: whoever reads a page often reads them again."""

STATIC = {
    "pages.css": "text/css; charset=utf-8",
    "pages.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""Files beside the pages, and what they are."""


@functools.cache
def static_file(name: str) -> bytes:
    """Return the octets of one of :data:`STATIC`."""
    return (files("ddns.pages") / "static" / name).read_bytes()


@functools.cache
def static_version(name: str) -> str:
    """Return what changes in the URL of a file when the file does, since browsers keep it."""
    return hashlib.sha256(static_file(name)).hexdigest()[:10]


class _Words(Extension):
    """Translates all ``_("words")`` when a template is compiled: there is one for each language."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        translate = translations(str(self.environment.globals["language"])).gettext
        tokens = list(stream)
        at = 0
        while at < len(tokens):
            name, *rest = tokens[at : at + 4]
            if name.test("name:_") and [one.type for one in rest] == ["lparen", "string", "rparen"]:
                yield Token(name.lineno, "string", translate(rest[1].value))
                at += 4
            else:
                yield name
                at += 1


class _Templates(Environment):
    """Templates whose values are mostly JSON objects: these are looked into first for what stands
    behind a point, where Jinja does so only when nothing else has it."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return what ``{{ obj.attribute }}`` is."""
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


@functools.cache
def environment(language: str) -> Environment:
    """Return the templates in a language."""
    made = _Templates(
        loader=PackageLoader("ddns.pages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        auto_reload=False,
        extensions=["jinja2.ext.i18n", _Words],
    )
    made.install_gettext_translations(translations(language), newstyle=False)  # type: ignore[attr-defined]
    made.globals.update(
        language=language,
        languages=LANGUAGES,
        qr_code=qr_code,
        static=lambda name: f"static/{name}?{static_version(name)}",
    )
    made.filters["when"] = functools.partial(_when, language)
    made.filters["date"] = lambda at: _when(language, time_json(at))
    made.filters["moment"] = time_json
    made.filters["number"] = lambda value: format_decimal(round(value, 2), locale=language)
    made.filters["since"] = functools.partial(_since, language)
    made.filters["seconds"] = functools.partial(duration_text, language)
    return made


def load_templates() -> None:
    """Compile all templates in all languages, which takes some tenths of a second."""
    for language in LANGUAGES:
        made = environment(language)
        for name in made.list_templates(["html"]):
            made.get_template(name)


def render(language: str, template: str, **values: Any) -> str:
    """Return a page."""
    return environment(language).get_template(template).render(values)


def translator(language: str) -> Callable[[str], str]:
    """Return what finds the words of a language."""
    return translations(language).gettext


@functools.lru_cache(KEPT)
def _when(language: str, text: str) -> Markup:
    """Return a time of the API as people write it, in UTC; a script makes it the reader's own."""
    shown = time_text(language, _time(text).timestamp())
    return Markup('<time datetime="{}">{}</time>').format(text, shown)


def _since(language: str, text: str, now: float) -> Markup:
    """Return how long ago a time of the API was."""
    delta = _time(text) - datetime.fromtimestamp(now, UTC)
    shown = format_timedelta(min(delta, timedelta(0)), add_direction=True, locale=language)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(text, text, shown)


@functools.lru_cache(KEPT)
def time_text(language: str, seconds: float) -> str:
    """Return a time in seconds since 1970 as people write it, in UTC."""
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{format_datetime(at, 'medium', locale=language)} UTC"


@functools.lru_cache(KEPT)
def duration_text(language: str, seconds: float) -> str:
    """Return a duration as people say it."""
    return format_timedelta(timedelta(seconds=seconds), threshold=1.5, locale=language)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
