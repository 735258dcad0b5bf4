-- What became of a request and what it said, in a form that rules can look at.

alter table request add column status text not null default '';
alter table request add column wait real not null default 0;
alter table request add column cause text not null default '';
alter table request add column hosts text not null default '';
alter table request add column addresses text not null default '';
alter table request add column transport text not null default '';
alter table request add column version text not null default '';
