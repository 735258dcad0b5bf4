-- Accounts that may not change anything: why, from when, until when (null: until lifted).

alter table account add column block_reason text;
alter table account add column block_since real;
alter table account add column block_until real;
