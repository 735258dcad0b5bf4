"""The database's schema, as the steps that lead to it. A step that was released never changes.

Wire-form names are stored as they are, so that SQLite's byte order is the loader's order and
equality needs no collation.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

MIGRATIONS = Migrations("ddns")


@MIGRATIONS()
def v0001_first_schema(db: Database) -> None:
    """Zones, accounts, keys, hosts, records, journal."""
    for statement in _FIRST_SCHEMA.split(";"):
        if statement.strip():
            db.conn.execute(statement)


@MIGRATIONS()
def v0002_kinds_of_keys(db: Database) -> None:
    """Keys that answer challenges, keys that are disabled, one DonDNS key an account."""
    db.conn.execute("alter table key add column sealed blob")
    db.conn.execute("alter table key add column enabled integer not null default 1")
    db.conn.execute("create unique index one_dondns_key on key (account) where kind = 'dondns'")


@MIGRATIONS()
def v0003_addresses_of_hosts(db: Database) -> None:
    """Zones that do not let their hosts have any address."""
    db.conn.execute("alter table zone add column addresses text not null default 'any'")


@MIGRATIONS()
def v0004_what_offline_took_away(db: Database) -> None:
    """The families of addresses that a host may come back with: 1 for A, 2 for AAAA."""
    db.conn.execute("alter table host add column dormant integer not null default 0")


@MIGRATIONS()
def v0005_blocked_accounts(db: Database) -> None:
    """Accounts that may not change anything: why, from when, until when (null: until lifted)."""
    db.conn.execute("alter table account add column block_reason text")
    db.conn.execute("alter table account add column block_since real")
    db.conn.execute("alter table account add column block_until real")


@MIGRATIONS()
def v0006_log_of_requests(db: Database) -> None:
    """What clients asked and were told, each row for a host or for an account."""
    db.conn.execute(
        "create table request (id integer primary key, host blob, account text,"
        " failed integer not null, at real not null, via text not null, peer text not null,"
        " user text not null, agent text not null, asked text not null, answer text not null)"
        " strict"
    )
    for column in ("host", "account"):
        db.conn.execute(
            f"create index request_by_{column} on request ({column}, failed)"
            f" where {column} is not null"
        )
        db.conn.execute(  # however it goes: a zone takes its hosts along
            f"create trigger {column}_takes_requests_along after delete on {column}"
            f" begin delete from request where {column} = old.name; end"
        )


@MIGRATIONS()
def v0007_registration(db: Database) -> None:
    """Zones in which people register hosts, who may, and names that are not free yet."""
    for statement in _REGISTRATION.split(";"):
        db.conn.execute(statement)


@MIGRATIONS()
def v0008_people_who_register_themselves(db: Database) -> None:
    """E-mail addresses, no two alike, and what waits for a token that went out by mail."""
    db.conn.execute("alter table account add column email text")
    db.conn.execute("create unique index account_by_email on account (email collate nocase)")
    db.conn.execute(
        "create table pending ("
        " digest blob primary key,"  # sha-256 of the token
        " purpose text not null,"
        " account text not null,"  # a name to come, or an account's
        " expires real not null,"
        " email text,"
        " password text"  # argon2id
        ") strict, without rowid"
    )
    db.conn.execute("create index pending_by_account on pending (account)")
    db.conn.execute("create index pending_by_time on pending (expires)")


@MIGRATIONS()
def v0009_why_requests_failed(db: Database) -> None:
    """The reason beside the answer: many dialects have one word for many."""
    db.conn.execute("alter table request add column reason text not null default ''")


_FIRST_SCHEMA = """
create table account (
    name text primary key,
    password text,                      -- argon2id, or null: keys only
    created real not null
) strict, without rowid;

create table zone (
    id integer primary key,
    origin blob not null unique,        -- wire form, lower case, as all names here
    serial integer not null,
    account text references account (name),  -- null: the operator's
    created real not null
) strict;

create table host (
    name blob primary key,
    zone integer not null references zone (id) on delete cascade,
    account text not null references account (name) on delete cascade,
    ttl integer not null,
    created real not null
) strict, without rowid;

create index host_by_account on host (account);
create index host_by_zone on host (zone);

create table key (
    id integer primary key autoincrement,
    account text not null references account (name) on delete cascade,
    kind text not null,
    digest blob not null unique,        -- sha-256 of the secret
    limited integer not null,           -- 1: only for the hosts in key_host
    created real not null
) strict;

create index key_by_account on key (account);

create table key_host (
    key integer not null references key (id) on delete cascade,
    name blob not null,
    primary key (key, name)
) strict, without rowid;

create table rrset (
    zone integer not null references zone (id) on delete cascade,
    owner blob not null,
    type integer not null,
    ttl integer not null,
    rdatas blob not null,               -- each behind its 16-bit length
    of_host integer not null,           -- 1: a host's record, 0: the operator's
    primary key (zone, owner, type)
) strict, without rowid;

create table journal (
    position integer primary key,
    at real not null,
    who text not null,
    via text not null,
    kind text not null,
    subject text not null,
    zone blob,
    serial integer,
    owner blob,
    type integer,
    before blob,
    after blob
) strict
"""

_REGISTRATION = """
alter table zone add column registration text not null default 'closed';

alter table account add column host_limit integer;   -- null: as many as any other

create table invitation (
    id integer primary key autoincrement,
    zone integer not null references zone (id) on delete cascade,
    digest blob not null unique,        -- sha-256 of the code
    uses integer not null,              -- how many are left
    expires real not null,
    created real not null,
    by text not null
) strict;

create index invitation_by_zone on invitation (zone);

create table member (
    zone integer not null references zone (id) on delete cascade,
    account text not null references account (name) on delete cascade,
    since real not null,
    primary key (zone, account)
) strict, without rowid;

create index member_by_account on member (account);

create table released (
    name blob primary key,
    account text references account (name) on delete set null,  -- null: it has gone
    at real not null
) strict, without rowid;

create index released_by_account on released (account);
create index released_by_time on released (at);

create index journal_of_hosts on journal (owner) where kind = 'host'
"""
