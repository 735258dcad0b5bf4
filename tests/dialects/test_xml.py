"""XML as text is what a parser reads of it."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from ddns.dialects.xml import document, element

TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=20
)


@given(TEXTS, TEXTS)
def test_texts_and_attributes_are_read_as_they_were(text: str, attribute: str) -> None:
    root = element("a", [element("b", text, c=attribute), element("d", [element("e", text)])])
    read = ET.fromstring(document(root).encode())
    first, second = read
    assert (first.text or "", first.attrib) == (text, {"c": attribute})
    assert (second.findtext("e") or "") == text


def test_it_is_laid_out_as_elementtree_does() -> None:
    root = element("a", [element("b", [element("c", '1 < 2 & "x"', d='<"&>')]), element("e")])
    tree = ET.fromstring(document(root))
    ET.indent(tree)
    assert "\n".join(root) == ET.tostring(tree, encoding="unicode")
