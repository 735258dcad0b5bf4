"""The table of all pages."""

from __future__ import annotations

from ddns.api.caller import Permission
from ddns.pages.site import Page
from ddns.pages.views import (
    entry,
    hosts,
    invitations,
    operator,
    operator_accounts,
    operator_lists,
    public,
    records,
    zones,
)

_ANYBODY, _OPERATOR = Permission.ANYBODY, Permission.OPERATOR

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
    Page("GET", "zones", zones.overview),
    Page("GET", "zones/{origin}", zones.show),
    Page("POST", "zones/{origin}/settings", zones.change),
    Page("GET", "zones/{origin}/export", zones.export),
    Page("GET", "zones/{origin}/changes", zones.changes),
    Page("POST", "zones/{origin}/undo", zones.undo),
    Page("GET", "zones/{origin}/records", records.listing),
    Page("POST", "zones/{origin}/records", records.save),
    Page("POST", "zones/{origin}/records/check", records.check),
    Page("POST", "zones/{origin}/records/remove", records.remove),
    Page("GET", "zones/{origin}/records/{owner}/{type}", records.edit),
    Page("GET", "zones/{origin}/invitations", invitations.listing),
    Page("POST", "zones/{origin}/invitations", invitations.add),
    Page("POST", "zones/{origin}/invitations/{number}/revoke", invitations.revoke),
    Page("POST", "zones/{origin}/members/{account}/remove", invitations.remove_member),
    Page("GET", "join/{code}", invitations.join_form),
    Page("POST", "join/{code}", invitations.join),
    Page("GET", "operator", operator.overview, _OPERATOR),
    Page("POST", "operator/check", operator.check, _OPERATOR),
    Page("POST", "operator/backup", operator.backup, _OPERATOR),
    Page("GET", "operator/accounts", operator_accounts.listing, _OPERATOR),
    Page("GET", "operator/accounts/{name}", operator_accounts.show, _OPERATOR),
    Page("POST", "operator/accounts/{name}/block", operator_accounts.block, _OPERATOR),
    Page("POST", "operator/accounts/{name}/unblock", operator_accounts.unblock, _OPERATOR),
    Page("POST", "operator/accounts/{name}/limits", operator_accounts.limits, _OPERATOR),
    Page("POST", "operator/accounts/{name}/right", operator_accounts.right, _OPERATOR),
    Page(
        "POST",
        "operator/accounts/{name}/second_factors",
        operator_accounts.remove_second_factors,
        _OPERATOR,
    ),
    Page("GET", "operator/hosts", operator_lists.hosts, _OPERATOR),
    Page("GET", "operator/zones", operator_lists.zones, _OPERATOR),
    Page("GET", "operator/requests", operator_lists.requests, _OPERATOR),
    Page("GET", "operator/live", operator_lists.live, _OPERATOR),
    Page("GET", "operator/refusals", operator_lists.refusals, _OPERATOR),
)
