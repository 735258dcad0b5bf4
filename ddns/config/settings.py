"""All settings with their defaults: one frozen dataclass for each table of the file."""

from __future__ import annotations

from dataclasses import dataclass, field

from ddns.config.notices import NoticesSettings
from ddns.config.outward import OutwardSettings, RelaysSettings
from ddns.config.tls_settings import DotSettings, HttpsSettings


@dataclass(frozen=True, slots=True)
class RateLimitSettings:
    """``[dns.rate_limit]``. ``responses_per_second`` 0 means no limit. Times
    ``octets_per_response`` it limits the octets beyond twice those of the queries, 0 for no limit.
    One in ``slip`` suppressed replies is sent truncated, 0 for none. Prefixes are in bits,
    multiples of 8."""

    responses_per_second: int = 200
    octets_per_response: int = 320
    slip: int = 2
    table_size: int = 65_536
    ipv4_prefix: int = 24
    ipv6_prefix: int = 56


@dataclass(frozen=True, slots=True)
class DnsSettings:
    """``[dns]``. ``listen`` are ``ADDRESS:PORT``, each for UDP and TCP; durations are seconds.
    ``lease_min`` and ``lease_max`` bound the leases of DNS UPDATE. Cookie secrets are 32
    hexadecimal digits, or empty. ``compiled`` allows the compiled fast path."""

    listen: tuple[str, ...] = ("127.0.0.1:5300",)
    tcp_connections: int = 150
    tcp_connections_per_address: int = 60
    tcp_idle_time: float = 10.0
    tcp_message_time: float = 10.0
    lease_min: int = 30
    lease_max: int = 1_209_600
    cookies: bool = True
    cookie_secret: str = field(default="", repr=False)
    cookie_secret_accepted: str = field(default="", repr=False)
    compiled: bool = True
    rate_limit: RateLimitSettings = field(default_factory=RateLimitSettings)


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """``[http]``. ``listen`` are Twisted endpoint descriptions; sizes are octets."""

    listen: tuple[str, ...] = ("tcp:8245:interface=127.0.0.1",)
    request_line: int = 8192
    headers: int = 16384
    body: int = 8192
    request_time: float = 10.0
    idle_time: float = 60.0
    connections: int = 500
    connections_per_address: int = 100


@dataclass(frozen=True, slots=True)
class MiniupdateSettings:
    """``[miniupdate]``. ``listen`` are Twisted endpoint descriptions, ``udp`` the ``ADDRESS:PORT``
    of the service that tells clients their address; durations are seconds."""

    listen: tuple[str, ...] = ("tcp:9120:interface=127.0.0.1",)
    udp: tuple[str, ...] = ()
    connections: int = 200
    connections_per_address: int = 20
    idle_time: float = 30.0
    session_time: float = 60.0
    challenge_time: float = 30.0


@dataclass(frozen=True, slots=True)
class GnudipSettings:
    """``[gnudip]``, the protocol over TCP. ``listen`` are Twisted endpoint descriptions; a client
    has ``idle_time`` seconds for its line, which is all that it may say."""

    listen: tuple[str, ...] = ()
    connections: int = 200
    connections_per_address: int = 20
    idle_time: float = 30.0

    @property
    def session_time(self) -> float:
        """How many seconds a session may take: no more than its one line."""
        return self.idle_time


@dataclass(frozen=True, slots=True)
class ProxiesSettings:
    """``[proxies]``. ``trusted`` are networks, ``192.0.2.0/24``, and ``unix:`` for peers on Unix
    sockets; ``header`` is ``X-Forwarded-For``, ``Forwarded`` or ``off``."""

    trusted: tuple[str, ...] = ()
    header: str = "off"


@dataclass(frozen=True, slots=True)
class InetdSettings:
    """``[inetd]``. A process started by a super-server exits ``linger_time`` seconds after its last
    connection."""

    linger_time: float = 2.0


@dataclass(frozen=True, slots=True)
class AbuseSettings:
    """``[abuse]``. Intervals and times are seconds; 0 switches a rule off.

    A host may change ``change_burst`` times at once and then once every ``change_interval``.
    ``refusals`` refused updates within ``window`` block an account for ``block_time``, 0 for until
    the operator lifts the block. After ``failures_noticed`` wrong credentials within ``window`` the
    account's owner is notified. Nothing is accepted from ``refused_networks``, such as
    ``192.0.2.0/24``.
    """

    change_burst: int = 10
    change_interval: float = 60.0
    refusals: int = 50
    window: float = 86_400.0
    block_time: float = 86_400.0
    failures_noticed: int = 100
    refused_networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestsSettings:
    """``[requests]``, the request log. For each host ``per_host`` requests are kept, and
    ``failed_per_host`` with wrong credentials, ``rows`` in all; ``per_host`` 0 keeps none. Up to
    ``waiting`` are buffered for ``write_time`` seconds before they are written."""

    per_host: int = 20
    failed_per_host: int = 5
    rows: int = 200_000
    waiting: int = 1000
    write_time: float = 1.0


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """``[store]``. ``patience`` is how long an update waits for a locked database, in seconds;
    ``journal_rows`` how many changes the journal keeps; ``reader_patience`` how many seconds a
    client reading a whole zone may stall."""

    patience: float = 4.0
    journal_rows: int = 200_000
    reader_patience: float = 30.0


@dataclass(frozen=True, slots=True)
class RegistrationSettings:
    """``[registration]``: limits for users, not for the operator. ``reserved`` are labels of hosts,
    with an optional ``*`` at the end as a wildcard; TTLs are seconds."""

    reserved: tuple[str, ...] = ()
    min_ttl: int = 10
    max_ttl: int = 86_400
    hosts_per_account: int = 10
    keys_per_account: int = 20
    records_per_host: int = 20
    quarantine_days: float = 90.0


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """``[api]``. ``enabled`` serves the API below ``/api`` over HTTP and HTTPS; ``url`` is this
    server's public URL for links in mails. ``calls_per_minute`` limits an account, or a network
    without a login; 0 is no limit."""

    enabled: bool = True
    url: str = ""
    calls_per_minute: int = 120


@dataclass(frozen=True, slots=True)
class ToolsSettings:
    """``[tools]``, the APIs of other DNS servers that tools speak. ``enabled`` serves them over
    HTTP and HTTPS; ``calls_per_minute`` limits an account, or a network without a key, 0 is no
    limit; ``body`` is how many octets a change of a zone may have."""

    enabled: bool = True
    calls_per_minute: int = 6000
    body: int = 1_048_576


@dataclass(frozen=True, slots=True)
class ChallengesSettings:
    """``[challenges]``. ``keep`` is for how many seconds answers to ACME's challenges stay that
    tools leave behind; 0 is for ever."""

    keep: float = 86_400.0


@dataclass(frozen=True, slots=True)
class AcmeDnsSettings:
    """``[acme_dns]``, the API of acme-dns. Names are registered below the origin ``zone``, by whom
    ``registration`` says: ``closed``, ``account`` or ``open``. An account may have ``per_account``
    of them, strangers ``strangers`` in all and a network of theirs ``per_day``. Those that are not
    used are removed after ``expire_after`` days, 0 is never."""

    zone: str = ""
    registration: str = "closed"
    per_account: int = 20
    strangers: int = 1000
    per_day: int = 10
    expire_after: float = 400.0


@dataclass(frozen=True, slots=True)
class PagesSettings:
    """``[pages]``. ``enabled`` serves web pages over HTTP and HTTPS; ``requests_per_minute`` limits
    those of a network, 0 is no limit."""

    enabled: bool = True
    requests_per_minute: int = 600


@dataclass(frozen=True, slots=True)
class AccountsSettings:
    """``[accounts]``. ``registration`` is ``closed`` or ``open``; durations are seconds."""

    registration: str = "closed"
    confirmation_time: float = 86_400.0
    session_time: float = 2_592_000.0
    session_idle_time: float = 604_800.0
    mails_per_hour: int = 5
    mails_per_hour_in_all: int = 1000
    registrations_per_hour: int = 20
    notice_time: float = 86_400.0


@dataclass(frozen=True, slots=True)
class MailSettings:
    """``[mail]``. ``relay`` is ``HOST:PORT``; empty switches mail off. ``tls`` is ``off``,
    ``starttls`` or ``implicit``; ``ca`` is a PEM file with the authorities to trust instead of the
    system's. Durations are seconds; the pause before a retry doubles each time."""

    relay: str = ""
    sender: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    tls: str = "starttls"
    ca: str = ""
    timeout: float = 30.0
    retries: int = 8
    retry_pause: float = 10.0


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """``[metrics]``. ``listen`` are Twisted endpoint descriptions for monitoring. A writer busy
    with the same transaction for ``standstill_time`` seconds counts as dead."""

    listen: tuple[str, ...] = ()
    standstill_time: float = 60.0


@dataclass(frozen=True, slots=True)
class LogSettings:
    """``[log]``, for ``twistd ddns``. ``format`` is ``text`` or ``json``; ``level``, the lowest
    written, is ``debug``, ``info``, ``warn``, ``error`` or ``critical``."""

    format: str = "text"
    level: str = "info"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. With ``sample`` a new server that listens on loopback only creates a first
    host."""

    database: str = "ddns.sqlite"
    sample: bool = True
    stop_time: float = 5.0
    dns: DnsSettings = field(default_factory=DnsSettings)
    http: HttpSettings = field(default_factory=HttpSettings)
    https: HttpsSettings = field(default_factory=HttpsSettings)
    dot: DotSettings = field(default_factory=DotSettings)
    miniupdate: MiniupdateSettings = field(default_factory=MiniupdateSettings)
    gnudip: GnudipSettings = field(default_factory=GnudipSettings)
    proxies: ProxiesSettings = field(default_factory=ProxiesSettings)
    inetd: InetdSettings = field(default_factory=InetdSettings)
    api: ApiSettings = field(default_factory=ApiSettings)
    tools: ToolsSettings = field(default_factory=ToolsSettings)
    challenges: ChallengesSettings = field(default_factory=ChallengesSettings)
    acme_dns: AcmeDnsSettings = field(default_factory=AcmeDnsSettings)
    pages: PagesSettings = field(default_factory=PagesSettings)
    accounts: AccountsSettings = field(default_factory=AccountsSettings)
    outward: OutwardSettings = field(default_factory=OutwardSettings)
    relays: RelaysSettings = field(default_factory=RelaysSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    notices: NoticesSettings = field(default_factory=NoticesSettings)
    abuse: AbuseSettings = field(default_factory=AbuseSettings)
    requests: RequestsSettings = field(default_factory=RequestsSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    registration: RegistrationSettings = field(default_factory=RegistrationSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    log: LogSettings = field(default_factory=LogSettings)
