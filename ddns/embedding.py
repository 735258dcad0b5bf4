"""The public names of the package, for programs that embed this server: see docs/embedding.md.

They keep their names, parameters and results. Everything else in the package is internal.
"""

from ddns.config.load import check_settings
from ddns.config.notices import NoticesSettings
from ddns.config.outward import OutwardSettings, RelaysSettings
from ddns.config.settings import (
    AbuseSettings,
    AccountsSettings,
    AcmeDnsSettings,
    ApiSettings,
    ChallengesSettings,
    DnsSettings,
    GnudipSettings,
    HttpSettings,
    InetdSettings,
    LogSettings,
    MailSettings,
    MetricsSettings,
    MiniupdateSettings,
    PagesSettings,
    ProxiesSettings,
    RateLimitSettings,
    RegistrationSettings,
    RequestsSettings,
    Settings,
    StoreSettings,
    ToolsSettings,
)
from ddns.config.tls_settings import AcmeSettings, DotSettings, HttpsSettings
from ddns.config.toml import ConfigError
from ddns.dialects import DIALECTS
from ddns.dialects.base import Dialect, Reply, Request
from ddns.model.update import (
    SUCCESSES,
    Change,
    Credentials,
    Outcome,
    Remove,
    Replace,
    Result,
    Status,
    Update,
    change_of,
)
from ddns.net.dns.twisted_names import ZoneResolver
from ddns.net.http.limits import HttpLimits
from ddns.net.http.site import LimitedSite
from ddns.server.core import Core
from ddns.server.service import DdnsService
from ddns.server.sockets import StartupError
from ddns.store.interfaces import IReading, IStore, ITransaction, JournalTrimmed, StoreError
from ddns.store.results import Committed
from ddns.store.sqlite.store import SQLiteStore

__all__ = [
    "DIALECTS",
    "SUCCESSES",
    "AbuseSettings",
    "AccountsSettings",
    "AcmeDnsSettings",
    "AcmeSettings",
    "ApiSettings",
    "ChallengesSettings",
    "Change",
    "Committed",
    "ConfigError",
    "Core",
    "Credentials",
    "DdnsService",
    "Dialect",
    "DnsSettings",
    "DotSettings",
    "GnudipSettings",
    "HttpLimits",
    "HttpSettings",
    "HttpsSettings",
    "IReading",
    "IStore",
    "ITransaction",
    "InetdSettings",
    "JournalTrimmed",
    "LimitedSite",
    "LogSettings",
    "MailSettings",
    "MetricsSettings",
    "MiniupdateSettings",
    "NoticesSettings",
    "Outcome",
    "OutwardSettings",
    "PagesSettings",
    "ProxiesSettings",
    "RateLimitSettings",
    "RegistrationSettings",
    "RelaysSettings",
    "Remove",
    "Replace",
    "Reply",
    "Request",
    "RequestsSettings",
    "Result",
    "SQLiteStore",
    "Settings",
    "StartupError",
    "Status",
    "StoreError",
    "StoreSettings",
    "ToolsSettings",
    "Update",
    "ZoneResolver",
    "change_of",
    "check_settings",
]
