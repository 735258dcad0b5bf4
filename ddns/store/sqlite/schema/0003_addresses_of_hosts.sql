-- Zones that do not let their hosts have every address.

alter table zone add column addresses text not null default 'any';
