-- Services elsewhere to which the addresses of hosts are passed on.

create table relay (
    id integer primary key autoincrement,
    host blob not null references host (name) on delete cascade,
    kind text not null,
    settings text not null,             -- JSON: those that may be shown
    sealed blob not null,               -- the others, as JSON sealed with the key file
    created real not null,
    delivered text,                     -- the addresses that it was told last; null: none yet
    attempts integer not null default 0,    -- that have failed since one succeeded
    next real,                          -- when to try next; null: it has what it is to have
    tried real,                         -- the last attempt
    result text not null default '',    -- what came of it, in words
    trouble integer not null default 0  -- 1: it may pass, 2: somebody has to do something
) strict;

create index relay_by_host on relay (host);
create index relay_by_time on relay (next) where next is not null;
