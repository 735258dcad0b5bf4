"""``$GENERATE`` of master files, as BIND documents it (ARM, "BIND Primary File Extension")."""

from __future__ import annotations

import re

MAX_FIELD = 127
"""Characters that one ``$`` may become."""

_RANGE = re.compile(r"(\d{1,10})-(\d{1,10})(?:/(\d{1,10}))?", re.ASCII)
_PIECE = re.compile(
    r"\\.|\$\$|\$(?:\{([+-]?\d{1,10})(?:,(\d{1,3})(?:,([doxXnN]))?)?\})?(\{)?", re.ASCII
)


class BadGenerate(ValueError):
    """The range or a template is malformed; ``str()`` says which."""


def parse_range(text: str) -> range:
    """Parse ``START-STOP`` or ``START-STOP/STEP``, both ends included.

    :raises BadGenerate: for anything else.
    """
    found = _RANGE.fullmatch(text)
    start, stop, step = map(int, found.groups("1")) if found else (1, 0, 1)
    if not start <= stop < 2**31 or step < 1:
        raise BadGenerate(f"{text!r} is not a range, START-STOP or START-STOP/STEP")
    return range(start, stop + 1, step)


def expand(template: str, value: int) -> str:
    """Return a template with *value* in place of each ``$`` or ``${OFFSET,WIDTH,BASE}``; ``$$`` is
    one ``$``, and what is escaped stays so.

    :raises BadGenerate: if what follows a ``$`` is malformed.
    """

    def replace(piece: re.Match[str]) -> str:
        if piece[0][0] == "\\":
            return piece[0]
        if piece[0] == "$$":
            return "$"
        if piece[4]:
            raise BadGenerate(f"{template!r}: expected ${{OFFSET,WIDTH,BASE}}")
        shown = _shown(value + int(piece[1] or 0), int(piece[2] or 0), piece[3] or "d")
        if len(shown) > MAX_FIELD:
            raise BadGenerate(f"{template!r}: a width is at most {MAX_FIELD}")
        return shown

    return _PIECE.sub(replace, template)


def _shown(value: int, width: int, base: str) -> str:
    if base == "d":
        return f"{value:0{width}d}"
    value %= 2**32  # as C's unsigned int
    if base not in "nN":
        return f"{value:0{width}{base}}"
    nibbles = f"{value:x}"[::-1].ljust((width + 1) // 2, "0")
    text = ".".join(nibbles if base == "n" else nibbles.upper())
    return text + "." * (width > len(text))
