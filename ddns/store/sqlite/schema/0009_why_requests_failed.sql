-- The reason beside the answer: many dialects have one word for many reasons.

alter table request add column reason text not null default '';
