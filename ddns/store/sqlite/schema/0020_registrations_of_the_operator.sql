-- Whether a registration of acme-dns that belongs to no account was made by the operator, and so is
-- none of the strangers'. Of those from before nobody can tell.

alter table acme_dns add column of_operator integer not null default 0;

drop index acme_dns_by_disuse;
create index acme_dns_by_disuse on acme_dns (created)
    where account is null and of_operator = 0 and used is null;
