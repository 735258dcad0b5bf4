"""The table of all pages."""

from __future__ import annotations

from ddns.api.caller import Permission
from ddns.pages.site import Page
from ddns.pages.views import entry, hosts, public

_ANYBODY = Permission.ANYBODY

PAGES = (
    Page("GET", "", public.welcome, _ANYBODY),
    Page("POST", "language", public.language, _ANYBODY),
    Page("GET", "signup", entry.sign_up_form, _ANYBODY),
    Page("POST", "signup", entry.sign_up, _ANYBODY),
    Page("GET", "confirm", entry.confirm_form, _ANYBODY),
    Page("POST", "confirm", entry.confirm, _ANYBODY),
    Page("GET", "login", entry.log_in_form, _ANYBODY),
    Page("POST", "login", entry.log_in, _ANYBODY),
    Page("POST", "logout", entry.log_out),
    Page("GET", "hosts", hosts.overview),
    Page("POST", "hosts", hosts.add),
)
