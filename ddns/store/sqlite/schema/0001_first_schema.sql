-- Zones, accounts, keys, hosts, records, journal.

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
) strict;
