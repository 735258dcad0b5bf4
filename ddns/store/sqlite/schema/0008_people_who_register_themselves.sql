-- E-mail addresses, no two alike, and what waits for a token that went out by mail.

alter table account add column email text;
create unique index account_by_email on account (email collate nocase);

create table pending (
    digest blob primary key,            -- sha-256 of the token
    purpose text not null,
    account text not null,              -- a name to come, or an account's
    expires real not null,
    email text,
    password text                       -- argon2id
) strict, without rowid;

create index pending_by_account on pending (account);
create index pending_by_time on pending (expires);
