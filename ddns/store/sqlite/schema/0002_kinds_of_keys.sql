-- Keys that answer challenges, keys that are disabled, one DonDNS key per account.

alter table key add column sealed blob;
alter table key add column enabled integer not null default 1;
create unique index one_dondns_key on key (account) where kind = 'dondns';
