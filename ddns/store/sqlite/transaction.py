"""The operations of a transaction, by subject."""

from __future__ import annotations

from zope.interface import implementer

from ddns.model.copies import Copy
from ddns.model.records import RRset
from ddns.store.interfaces import ITransaction
from ddns.store.sqlite import (
    accounts,
    acme_dns,
    copies,
    expiring,
    hosts,
    memberships,
    notices,
    relays,
    request_log,
    second_factors,
    sessions,
    zone_import,
)
from ddns.store.sqlite.unit_of_work import UnitOfWork


@implementer(ITransaction)
class Transaction(UnitOfWork):
    """A unit of work with all that can be changed in it.

    Reading and RRsets, which updates consist of, are the unit's own; each of the others is a
    function in the module of its subject that takes the unit first, and so becomes a method here.
    """

    def put_rrset(self, zone: bytes, rrset: RRset) -> None:
        """Put an RRset, whose leases end: who puts it without saying so wants it to stay."""
        if self.leases(zone, rrset.owner, rrset.type):
            self.put_leases(zone, rrset.owner, rrset.type, {})
        super().put_rrset(zone, rrset)

    # Some of what these read may be waiting to be written.

    def own_rrsets(self, zone: bytes, after: tuple[bytes, int] | None, limit: int) -> list[RRset]:
        self.write_through()
        return super().own_rrsets(zone, after, limit)

    def owners_below(self, zone: bytes, name: bytes) -> list[bytes]:
        self.write_through()
        return super().owners_below(zone, name)

    def challenges_below(self, zone: bytes, name: bytes) -> list[bytes]:
        self.write_through()
        return super().challenges_below(zone, name)

    def _copies(self, zone: bytes, condition: str, name: bytes) -> list[Copy]:
        if not self.batch.has_copies:
            return []
        self.write_through()
        return super()._copies(zone, condition, name)

    put_zone = hosts.put_zone
    remove_zone = hosts.remove_zone
    put_host = hosts.put_host
    put_host_prefixes = hosts.put_host_prefixes
    remove_host = hosts.remove_host
    forget_released = hosts.forget_released

    put_account = accounts.put_account
    remove_account = accounts.remove_account
    put_mark = accounts.put_mark
    add_key = accounts.add_key
    change_key = accounts.change_key
    remove_key = accounts.remove_key
    put_pending_token = accounts.put_pending_token
    remove_pending_tokens = accounts.remove_pending_tokens
    expire_pending_tokens = accounts.expire_pending_tokens

    put_sessions = sessions.put_sessions
    remove_sessions = sessions.remove_sessions

    put_totp = second_factors.put_totp
    remove_totp = second_factors.remove_totp
    put_recovery_codes = second_factors.put_recovery_codes
    remove_recovery_code = second_factors.remove_recovery_code
    add_passkey = second_factors.add_passkey
    use_passkey = second_factors.use_passkey
    remove_passkey = second_factors.remove_passkey

    add_invitation = memberships.add_invitation
    use_invitation = memberships.use_invitation
    remove_invitation = memberships.remove_invitation
    add_member = memberships.add_member
    remove_member = memberships.remove_member

    leases = expiring.leases
    put_leases = expiring.put_leases
    expired_leases = expiring.expired_leases
    put_host_expiry = expiring.put_host_expiry
    expired_hosts = expiring.expired_hosts
    hosts_to_warn = expiring.hosts_to_warn
    note_warned = expiring.note_warned
    limit_expiries = expiring.limit_expiries
    shift_expiries = expiring.shift_expiries

    has_copies_at = copies.has_copies_at
    replaced = copies.replaced
    put_copy = copies.put_copy
    add_acme_dns = acme_dns.add_acme_dns
    change_acme_dns = acme_dns.change_acme_dns
    remove_acme_dns = acme_dns.remove_acme_dns
    unused_acme_dns = acme_dns.unused_acme_dns

    put_notice_terms = notices.put_notice_terms
    add_notice_target = notices.add_notice_target
    remove_notice_target = notices.remove_notice_target
    note_notice_target = notices.note_notice_target
    add_notice = notices.add_notice
    waiting_notices = notices.waiting_notices
    change_notice = notices.change_notice
    put_off_notices = notices.put_off_notices
    put_notice_mark = notices.put_notice_mark
    held_notices = notices.held_notices
    forget_notice_marks = notices.forget_notice_marks
    put_host_word = notices.put_host_word
    silent_hosts = notices.silent_hosts
    put_journal_position = notices.put_journal_position
    limit_notices = notices.limit_notices
    add_relay = relays.add_relay
    put_relay_state = relays.put_relay_state
    put_off_relays = relays.put_off_relays
    remove_relay = relays.remove_relay

    stage = zone_import.stage
    drop_staged = zone_import.drop_staged
    take_staged = zone_import.take_staged

    log_requests = request_log.log_requests
