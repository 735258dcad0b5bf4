"""The table of all pages."""

from __future__ import annotations

from ddns.api.caller import Permission
from ddns.pages.site import Page
from ddns.pages.views import entry, host, host_records, host_wait, hosts, keys, public, setup

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
    Page("GET", "hosts/{name}", host.show),
    Page("POST", "hosts/{name}/settings", host.change),
    Page("POST", "hosts/{name}/remove", host.remove),
    Page("GET", "hosts/{name}/records", host_records.edit),
    Page("POST", "hosts/{name}/records", host_records.save),
    Page("GET", "hosts/{name}/wait", host_wait.show),
    Page("GET", "hosts/{name}/events", host_wait.events),
    Page("GET", "hosts/{name}/setup", setup.choose),
    Page("GET", "hosts/{name}/setup/{client}", setup.show),
    Page("POST", "hosts/{name}/setup/{client}", setup.make_key),
    Page("GET", "keys", keys.overview),
    Page("POST", "keys", keys.add),
    Page("POST", "keys/{number}/disable", keys.disable),
    Page("POST", "keys/{number}/enable", keys.enable),
    Page("POST", "keys/{number}/regenerate", keys.regenerate),
    Page("POST", "keys/{number}/revoke", keys.revoke),
    Page("GET", "help", setup.help_choose, _ANYBODY),
    Page("GET", "help/{client}", setup.help_show, _ANYBODY),
)
