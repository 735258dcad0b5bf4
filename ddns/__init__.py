"""A dynamic DNS server in one process: authoritative DNS and every update dialect."""

__version__ = "0.1.0"
