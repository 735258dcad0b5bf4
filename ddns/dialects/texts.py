"""What went wrong in a sentence, for protocols that have no words of their own for it."""

from __future__ import annotations

from ddns.model.update import Status

REFUSALS = {
    Status.UNAUTHENTICATED: "Log in first",
    Status.BADAUTH: "Wrong login ID or password",
    Status.DISABLED: "This key has been disabled",
    Status.MISSING: "No host name was given",
    Status.NOTFQDN: "This is not a host name",
    Status.NOHOST: "There is no such host to update",
    Status.NOTYOURS: "This login does not reach that host",
    Status.NUMHOST: "Too many hosts",
    Status.BADSYS: "Unknown kind of service",
    Status.BADAGENT: "The client does not say what it is",
    Status.BADREQUEST: "The command makes no sense",
    Status.BADADDRESS: "This address cannot be set for that host",
    Status.BLOCKED: "Updates are barred until somebody lifts it",
    Status.ABUSE: "Too many changes in too short a time",
    Status.FAILED: "The server could not do it",
}
"""Clients look for "ok" and the like anywhere in an answer, so no such word may occur in these."""
