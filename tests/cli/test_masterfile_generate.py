"""``$GENERATE``: ranges and templates, as BIND has them."""

from __future__ import annotations

import pytest

from ddns.cli.masterfile_generate import BadGenerate, expand, parse_range


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1-3", [1, 2, 3]),
        ("0-9/4", [0, 4, 8]),
        ("5-5", [5]),
        ("2147483647-2147483647", [2**31 - 1]),
    ],
)
def test_ranges(text: str, values: list[int]) -> None:
    assert list(parse_range(text)) == values


@pytest.mark.parametrize(
    "text",
    ["", "1", "1-", "-1", "3-2", "1-3/0", "1-3/", "1-2147483648", "1-3/-1", "a-b", "1-99999999999"],
)
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(BadGenerate, match="is not a range"):
        parse_range(text)


@pytest.mark.parametrize(
    ("template", "value", "text"),
    [
        ("host$", 7, "host7"),
        ("$.$", 7, "7.7"),
        ("$$", 7, "$"),
        (r"\$$", 7, r"\$7"),
        (r"\\$", 7, r"\\7"),
        ("${0}", 7, "7"),
        ("${-9}", 7, "-2"),
        ("${+1}", 7, "8"),
        ("${0,3}", 7, "007"),
        ("${-9,4}", 7, "-002"),
        ("${0,0,o}", 8, "10"),
        ("${0,3,x}", 255, "0ff"),
        ("${0,0,X}", 255, "FF"),
        ("${-1,0,x}", 0, "ffffffff"),
        ("${0,0,n}", 0x12F, "f.2.1"),
        ("${0,5,N}", 0x1F, "F.1.0"),
        ("${0,4,n}", 0x1F, "f.1."),
        ("${0,127}", 1, "0" * 126 + "1"),
    ],
)
def test_templates(template: str, value: int, text: str) -> None:
    assert expand(template, value) == text


@pytest.mark.parametrize(
    "template", ["${", "${}", "${x}", "${1,}", "${1,2,y}", "${1,2,d", "${0,128}", "${0,999,n}"]
)
def test_what_is_no_template(template: str) -> None:
    with pytest.raises(BadGenerate):
        expand(template, 1)
