-- TSIG keys: what they are called on the wire, and what they may do.

create table tsig (
    key integer primary key references key (id) on delete cascade,
    name blob not null unique,
    algorithm text not null,
    rights text not null,               -- words
    zones blob,                         -- origins, one behind the other; null: all of the account
    types text                          -- numbers; null: what a host's key may change
) strict;

-- The secondaries of a zone, and the networks from which it takes unsigned updates, as texts with
-- blanks between.

alter table zone add column secondaries text not null default '';
alter table zone add column update_from text not null default '';
