-- Zones in which people register hosts, who may, and names that are not free yet.

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

create index journal_of_hosts on journal (owner) where kind = 'host';
