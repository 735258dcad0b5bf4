-- Records that were added under a lease, and when it ends; the rdata is in canonical form.

create table lease (
    zone integer not null references zone (id) on delete cascade,
    owner blob not null,
    type integer not null,
    rdata blob not null,
    until real not null,
    seconds real not null,              -- for how long it was granted
    primary key (zone, owner, type, rdata)
) strict, without rowid;

create index lease_by_end on lease (until);

-- Hosts that go offline when no client has been heard of for so many days, 0 for never; expires is
-- when, with an hour to come for what was heard meanwhile, and null when that has happened.

alter table host add column expire_after integer not null default 0;
alter table host add column expires real;
create index host_by_expiry on host (expires) where expires is not null;
