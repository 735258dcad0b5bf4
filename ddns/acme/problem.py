"""What is wrong with an order or a certificate, in one line."""

from __future__ import annotations


class Problem(Exception):
    """There is no new certificate for now; ``str()`` is one line that says why.

    :param line: for people; what others have said in it is shortened.
    :param wait: for how many seconds the authority wants to be left alone.
    """

    def __init__(self, line: str, wait: float = 0.0) -> None:
        super().__init__(shortened(line))
        self.wait = wait


MAX_LINE = 500
"""Characters of a line. Authorities choose their words, and logs and pages show them."""


def shortened(line: str) -> str:
    r"""Return a text as one line that is not too long.

    >>> shortened("no  such\nname")
    'no such name'
    """
    line = " ".join(line.split())
    return line if len(line) <= MAX_LINE else f"{line[: MAX_LINE - 1]}…"
