"""XML documents of few elements as text: to build a tree costs more than the rest of an answer."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

Lines = list[str]


def element(tag: str, content: str | Iterable[Lines] = "", **attributes: str) -> Lines:
    """Return the lines of an element with a text in it, or with other elements.

    >>> element("a", [element("b", "1 < 2"), element("c", type="x")])
    ['<a>', '  <b>1 &lt; 2</b>', '  <c type="x" />', '</a>']
    """
    head = tag
    for name, value in attributes.items():
        head += f' {name}="{escape(value, _QUOTE)}"'
    if not content:
        return [f"<{head} />"]
    if isinstance(content, str):
        return [f"<{head}>{escape(content)}</{tag}>"]
    return [f"<{head}>", *("  " + line for child in content for line in child), f"</{tag}>"]


_QUOTE = {'"': "&quot;"}


def document(root: Lines, declaration: str = '<?xml version="1.0"?>') -> str:
    """Return a whole document."""
    return "\n".join([declaration, *root, ""])
