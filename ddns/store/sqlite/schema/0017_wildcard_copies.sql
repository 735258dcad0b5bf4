-- Which RRsets are copies of a wildcard's, kept at names that challenges make exist, and of which
-- owner name they are.

create table wildcard_copy (
    zone integer not null references zone (id) on delete cascade,
    owner blob not null,
    type integer not null,
    source blob not null,
    primary key (zone, owner, type)
) strict, without rowid;

create index wildcard_copy_by_source on wildcard_copy (zone, source);

-- RRsets at or below the labels _acme-challenge and _validation-persist.

create index challenge on rrset (zone, owner)
    where instr(owner, x'0f5f61636d652d6368616c6c656e6765')
    or instr(owner, x'135f76616c69646174696f6e2d70657273697374');

-- The latter label below a host belongs to the host.

update rrset set of_host = 1
    where (instr(owner, x'0f5f61636d652d6368616c6c656e6765')
    or instr(owner, x'135f76616c69646174696f6e2d70657273697374'))
    and substr(owner, 1, 20) = x'135f76616c69646174696f6e2d70657273697374'
    and exists (select 1 from host where host.zone = rrset.zone and host.name = substr(rrset.owner, 21));
