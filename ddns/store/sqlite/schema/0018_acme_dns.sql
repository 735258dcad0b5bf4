-- Registrations of acme-dns: names whose TXT records answer ACME's challenges for names elsewhere.

create table acme_dns (
    subdomain text primary key,         -- a UUID; the name is its label below the zone's origin
    zone integer not null references zone (id) on delete cascade,
    digest blob not null,               -- sha-256 of the password
    account text references account (name) on delete cascade,   -- null: of none
    allow_from text not null,           -- networks; empty: from everywhere
    created real not null,
    used real,                          -- the last update, or an hour before it; null: none yet
    note text not null
) strict, without rowid;

create index acme_dns_by_account on acme_dns (account);
create index acme_dns_by_zone on acme_dns (zone);
create index acme_dns_by_use on acme_dns (coalesce(used, created));
create index acme_dns_by_disuse on acme_dns (created) where account is null and used is null;
