"""Every language of the pages has every word of theirs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

import ddns
import ddns.api.errors as errors_module
from ddns.model.update import SUCCESSES, Status
from ddns.pages.languages import LANGUAGES, choose
from ddns.server.notice_texts import ABOUT

ROOT = Path(ddns.__file__).parent
TRANSLATED = list(LANGUAGES)[1:]

Words = str | tuple[str, ...]


def words_of_templates() -> Iterator[Words]:
    for template in sorted((ROOT / "pages" / "templates").glob("*.html")):
        with template.open("rb") as file:
            for _, _, words, _ in babel_extract(file, ("_", "ngettext"), [], {"trimmed": "true"}):
                if words is not None:  # as of ``_(something)``
                    yield words if isinstance(words, str) else tuple(filter(None, words))


def words_of_errors() -> Iterator[Words]:
    """What operations say when they refuse something, with its parameters in braces."""
    errors = {name for name, one in vars(errors_module).items() if is_error(one)}
    for module in sorted((ROOT / "api").glob("*.py")):
        for node in ast.walk(ast.parse(module.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in errors
                and node.args
            ):
                words = node.args[0]
                assert not isinstance(words, ast.JoinedStr), f"not to be found: {ast.unparse(node)}"
                if isinstance(words, ast.Constant) and isinstance(words.value, str):
                    yield words.value


def words_of_notices() -> Iterator[Words]:
    """What mails and webhooks say."""
    yield from ABOUT.values()
    yield from (status.value for status in Status if status not in SUCCESSES)
    for module in ("notice_texts", "notice_ways"):
        for node in ast.walk(ast.parse((ROOT / "server" / f"{module}.py").read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "say"
            ):
                words = node.args[0]
                assert isinstance(words, ast.Constant), f"not to be found: {ast.unparse(node)}"
                yield str(words.value)


def is_error(one: object) -> bool:
    return isinstance(one, type) and issubclass(one, errors_module.ApiError)


SOURCES = {
    "templates": words_of_templates,
    "errors": words_of_errors,
    "notices": words_of_notices,
}


def parameters(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s|{(\w+)", text))


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("source", SOURCES)
def test_every_word_is_translated(source: str, language: str) -> None:
    catalog = read_catalog(language)
    found = set(SOURCES[source]())
    assert found
    missing = [one for one in found if not is_whole(catalog.get(key(one)), one)]
    assert missing == []


def read_catalog(language: str) -> Catalog:
    path = ROOT / "pages" / "locale" / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def key(words: Words) -> str:
    return words if isinstance(words, str) else words[0]


def is_whole(message: Message | None, words: Words) -> bool:
    """Whether every form of a message is there and has the parameters of the original."""
    if message is None or message.fuzzy:
        return False
    original = words if isinstance(words, str) else words[-1]
    forms = [message.string] if isinstance(message.string, str) else message.string
    return all(form and parameters(form) == parameters(original) for form in forms)


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_is_translated_twice(language: str) -> None:
    path = ROOT / "pages" / "locale" / language / "LC_MESSAGES" / "messages.po"
    ids = re.findall(r'^msgid (".+")$', path.read_text(), re.M)
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "es", "es"),
        ("en", "es", "en"),
        ("tlh", "es-AR, en;q=0.9", "es"),
        ("", "de, en;q=0.1, es;q=0.2", "es"),
        ("", "es;q=0, en;q=0.1", "en"),
        ("", "es;q=x", "en"),
    ],
)
def test_the_language_that_a_browser_likes_best(wanted: str, accepted: str, language: str) -> None:
    assert choose(wanted, accepted) == language
