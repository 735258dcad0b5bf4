-- Sessions of people who have logged in, by the SHA-256 of their tokens. password is that of the
-- hash of the account's password when the session began: with another password it is over.

create table session (
    digest blob primary key,
    account text not null references account (name) on delete cascade,
    password blob not null,
    created real not null,
    used real not null,                 -- an hour before the last use at most
    peer text not null,
    agent text not null,
    strong integer not null             -- 1: a second factor was given
) strict, without rowid;

create index session_by_account on session (account);

-- Accounts that may do what the operator may, and the languages of their owners.

alter table account add column operator integer not null default 0;
alter table account add column language text;

-- Second factors: TOTP (RFC 6238), codes for when it is lost, and passkeys (WebAuthn).

create table totp (
    account text primary key references account (name) on delete cascade,
    sealed blob not null,               -- the secret, with the key file
    created real not null,
    confirmed integer not null,         -- 0: its owner has not shown to have it
    step integer not null               -- the last time step of which a code was taken
) strict, without rowid;

create table recovery_code (
    account text not null references account (name) on delete cascade,
    digest blob not null,               -- sha-256 of the code
    primary key (account, digest)
) strict, without rowid;

create table passkey (
    id integer primary key autoincrement,
    account text not null references account (name) on delete cascade,
    credential blob not null unique,    -- what its authenticator calls it
    public_key blob not null,           -- COSE
    counter integer not null,           -- of signatures, 0 where there is none
    name text not null,
    created real not null,
    used real
) strict;

create index passkey_by_account on passkey (account);
