-- Hosts behind a changing prefix.

alter table host add column interface_id blob;      -- what is beyond the prefix, of 16 octets
alter table host add column follows blob;           -- owner name of the host whose prefix it takes
alter table host add column follows_address integer not null default 0;  -- or the /64 of its address
alter table host add column prefixes text not null default '';  -- what its own clients told last
create index host_by_leader on host (follows) where follows is not null;

-- Whether its owner has been told that a host goes offline when it expires.

alter table host add column warned integer not null default 0;
create index host_to_warn on host (expires) where expires is not null and warned = 0;
