-- The address families that a host may come back with: 1 for A, 2 for AAAA.

alter table host add column dormant integer not null default 0;
