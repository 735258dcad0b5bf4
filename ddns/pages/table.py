"""The table of all pages."""

from __future__ import annotations

from ddns.api.caller import Permission
from ddns.pages.site import Page
from ddns.pages.views import account, entry, hosts, public, second_factor

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
    Page("POST", "login/code", entry.log_in_code, _ANYBODY),
    Page("POST", "login/passkey/options", second_factor.log_in_options, _ANYBODY),
    Page("POST", "login/passkey", second_factor.log_in, _ANYBODY),
    Page("POST", "logout", entry.log_out),
    Page("GET", "forgotten", entry.forgotten_form, _ANYBODY),
    Page("POST", "forgotten", entry.forgotten, _ANYBODY),
    Page("GET", "reset", entry.reset_form, _ANYBODY),
    Page("POST", "reset", entry.reset, _ANYBODY),
    Page("GET", "account", account.overview),
    Page("POST", "account/email", account.change_email),
    Page("POST", "account/password", account.change_password),
    Page("POST", "account/language", account.change_language),
    Page("POST", "account/sessions", account.close_session),
    Page("GET", "account/export", account.export),
    Page("GET", "account/leave", account.leave_form),
    Page("POST", "account/leave", account.leave),
    Page("POST", "account/totp", second_factor.totp_add),
    Page("POST", "account/totp/confirm", second_factor.totp_confirm),
    Page("POST", "account/totp/disable", second_factor.totp_disable),
    Page("POST", "account/recovery-codes", second_factor.recovery_codes),
    Page("POST", "account/passkeys/options", second_factor.passkey_options),
    Page("POST", "account/passkeys", second_factor.passkey_add),
    Page("POST", "account/passkeys/remove", second_factor.passkey_remove),
    Page("GET", "hosts", hosts.overview),
    Page("POST", "hosts", hosts.add),
)
