-- Keys of every kind have rights, and may be limited to zones and types, as TSIG keys were.

alter table key add column rights text not null default 'update';   -- words
alter table key add column zones blob;  -- origins, one behind the other; null: all of the account
alter table key add column types text;  -- numbers; null: what a host's key may change

update key set (rights, zones, types) = (select rights, zones, types from tsig where tsig.key = key.id)
    where id in (select key from tsig);

alter table tsig drop column rights;
alter table tsig drop column zones;
alter table tsig drop column types;
