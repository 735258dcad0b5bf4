"""Random names, in wire form and as text, that any test may draw from."""

from __future__ import annotations

from hypothesis import strategies as st

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def _name(labels: list[bytes]) -> bytes:
    """The labels as a name, the first ones left out while it is too long."""
    while sum(len(label) + 1 for label in labels) > 254:
        labels = labels[1:]
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\x00"


wire_names = st.lists(st.binary(min_size=1, max_size=63).map(bytes.lower), max_size=8).map(_name)
"""Any owner name at all, the root included."""

_host_label = st.from_regex(r"\A[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?\Z").map(str.encode)

host_names = st.lists(_host_label, min_size=2, max_size=5).map(_name)
"""Names that people may choose for hosts."""

addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).filter(
    lambda address: getattr(address, "ipv4_mapped", None) is None
)
