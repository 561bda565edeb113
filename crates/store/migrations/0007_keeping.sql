-- How long what is kept is kept.

-- in days; null: as long as the server keeps records
alter table users add column record_retention_days bigint;
-- of earlier days than this no record is kept; null: all are
alter table logs add column keep_from text;
-- when a record was removed because of its age
alter table records add column purged_at bigint;
create index records_purged on records (purged_at) where purged_at is not null;

-- How many items of a page could not be mapped; null in a page from before it was known of which records it tells.
alter table pages add column skipped bigint;
create table page_records (
    page_id text not null references pages (id) on delete cascade,
    record_id text not null,
    primary key (page_id, record_id)
);
create index page_records_by_record on page_records (record_id);

-- What is swept is found without a look at all the rest.
create index jobs_by_end on jobs (finished_at) where finished_at is not null;
create index connect_links_by_expiry on connect_links (expires_at);
