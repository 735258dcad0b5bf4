-- The last serials of zones that were removed: one that is added again goes on after its own.

create table removed_zone (
    origin blob primary key,
    serial integer not null
) strict, without rowid;

-- Catalogs: zones that list the others (RFC 9432).

alter table zone add column catalog integer not null default 0;
create index catalogs on zone (origin) where catalog = 1;
