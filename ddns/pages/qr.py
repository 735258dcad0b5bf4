"""QR codes, as pictures within a page."""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr_code(text: str, label: str) -> Markup:
    """Return a text as a QR code that phones read: not a Micro QR code, and on a light ground in
    any colours.

    :param label: what it is, for those who do not see it.
    """
    made = segno.make_qr(text)
    drawn = made.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr")
    return Markup('<figure class="qr" role="img" aria-label="{}">{}</figure>').format(
        label, Markup(drawn)
    )
