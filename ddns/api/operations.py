"""All operations of the API: one coroutine each, and each one transaction of the store at most
unless it says otherwise. They return JSON, once our DNS answers what they changed."""

from __future__ import annotations

from ddns.api.accounts import AccountOperations
from ddns.api.acme_dns import AcmeDnsOperations
from ddns.api.certificate import CertificateOperations
from ddns.api.diagnosis import DiagnosisOperations
from ddns.api.export import ExportOperations
from ddns.api.host_import import HostImportOperations
from ddns.api.hosts import HostOperations
from ddns.api.invitations import InvitationOperations
from ddns.api.keys import KeyOperations
from ddns.api.log_in import LogInOperations
from ddns.api.maintenance import MaintenanceOperations
from ddns.api.notices import NoticeOperations
from ddns.api.passkeys import PasskeyOperations
from ddns.api.relays import RelayOperations
from ddns.api.self_service import SelfService
from ddns.api.serializers import Json
from ddns.api.sessions import SessionOperations
from ddns.api.watching import WatchingOperations
from ddns.api.zone_changes import ZoneChangeOperations
from ddns.api.zone_contents import ZoneContentOperations
from ddns.api.zones import ZoneOperations

__all__ = ["Json", "Operations"]


class Operations(
    ZoneOperations,
    ZoneContentOperations,
    InvitationOperations,
    AccountOperations,
    KeyOperations,
    AcmeDnsOperations,
    HostOperations,
    HostImportOperations,
    RelayOperations,
    DiagnosisOperations,
    ZoneChangeOperations,
    SelfService,
    SessionOperations,
    WatchingOperations,
    LogInOperations,
    PasskeyOperations,
    ExportOperations,
    NoticeOperations,
    CertificateOperations,
    MaintenanceOperations,
):
    """The operations of every subject; :class:`ddns.api.base.BaseOperations` has the parameters."""
