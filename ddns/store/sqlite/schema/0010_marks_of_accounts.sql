-- What the server wants to remember of accounts over a restart: any octets, and when.

create table mark (
    account text not null references account (name) on delete cascade,
    mark blob not null,
    at real not null,
    primary key (account, mark)
) strict, without rowid;

create index mark_by_time on mark (at);
