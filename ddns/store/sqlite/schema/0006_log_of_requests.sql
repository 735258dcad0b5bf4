-- What clients asked and were told, each row for a host or for an account.

create table request (
    id integer primary key,
    host blob,
    account text,
    failed integer not null,
    at real not null,
    via text not null,
    peer text not null,
    user text not null,
    agent text not null,
    asked text not null,
    answer text not null
) strict;

create index request_by_host on request (host, failed) where host is not null;
create index request_by_account on request (account, failed) where account is not null;

-- However a host or an account goes: a zone takes its hosts along.
create trigger host_takes_requests_along after delete on host
begin
    delete from request where host = old.name;
end;

create trigger account_takes_requests_along after delete on account
begin
    delete from request where account = old.name;
end;
