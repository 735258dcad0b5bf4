"""What templates make of words."""

from __future__ import annotations

import pytest

from ddns.pages.rendering import environment

HOSTILE = "<script>"


@pytest.mark.parametrize(
    ("template", "html"),
    [
        ('{{ _("Log in") }}', "Entrar"),
        ('{{ _("Log in") if yes else _("no such words") }}', "Entrar"),
        ('{{ _("Log in") ~ given }}', "Entrar&lt;script&gt;"),
        ("{% trans %}Log in{% endtrans %}", "Entrar"),
        (
            "{% trans account=given %}Log out {{ account }}{% endtrans %}",
            "Cerrar la sesión de &lt;script&gt;",
        ),
        ("{{ _(given) }}", "&lt;script&gt;"),
        ('{{ _("100 % <b>") }}', "100 % &lt;b&gt;"),
    ],
)
def test_words_are_translated_and_nothing_in_them_is_html(template: str, html: str) -> None:
    assert environment("es").from_string(template).render(yes=True, given=HOSTILE) == html
