-- What the owners of accounts are told, and how. An empty host stands for the account itself; sets
-- of kinds are bits.

create table notice_terms (
    account text not null references account (name) on delete cascade,
    host blob not null,
    mail integer,                       -- kinds; null: as with the account, or as usual
    push integer,                       -- kinds told by webhooks and apprise, likewise
    silent_days integer,                -- likewise; 0: never
    primary key (account, host)
) strict, without rowid;

create table notice_target (
    id integer primary key autoincrement,
    account text not null references account (name) on delete cascade,
    host blob not null,                 -- empty: for all hosts of the account
    way text not null,
    shown text not null,                -- what of the address is no secret
    sealed blob not null,               -- the rest, with the key file
    created real not null,
    failing real,                       -- since when it cannot be reached
    problem text not null,
    given_up integer not null           -- notices that never reached it
) strict;

create index notice_target_by_account on notice_target (account, host);

create table notice (
    id integer primary key autoincrement,
    account text not null references account (name) on delete cascade,
    host blob not null,
    kind text not null,
    details text not null,              -- JSON
    created real not null,
    way text not null,
    target integer references notice_target (id) on delete cascade,    -- null: by mail
    attempts integer not null,
    due real not null
) strict;

create index notice_by_due on notice (way, due);
create index notice_by_account on notice (account, host);
create index notice_by_target on notice (target) where target is not null;

-- What was told since a time: of one thing, or with an empty one of all.
create table notice_mark (
    account text not null references account (name) on delete cascade,
    host blob not null,
    what text not null,
    since real not null,
    told integer not null,
    held integer not null,              -- what was not, because it was too much
    primary key (account, host, what)
) strict, without rowid;

create index notice_mark_by_time on notice_mark (since);

-- When hosts whose silence is told were last heard of.
create table host_word (
    host blob primary key references host (name) on delete cascade,
    since real not null,
    days integer not null,              -- of silence; 0: that is not told
    v4 real,
    v6 real,
    silent_at real,                     -- null: it is not to be told, or has been
    stopped integer not null            -- type of addresses whose end has been told; 0: none
) strict, without rowid;

create index host_word_by_silence on host_word (silent_at) where silent_at is not null;

create trigger host_takes_notices_along after delete on host
begin
    delete from notice_terms where account = old.account and host = old.name;
    delete from notice_target where account = old.account and host = old.name;
    delete from notice where account = old.account and host = old.name;
    delete from notice_mark where account = old.account and host = old.name;
end;

-- How far in the journal each of those has come that follow it also after a restart.
create table journal_reader (
    name text primary key,
    position integer not null
) strict, without rowid;

insert into journal_reader select 'notices', coalesce(max(position), 0) from journal;
