-- A job that is claimed is due again when its lease ends, so that one index tells what is due. What is asked for
-- while it is being done is done once more.

alter table jobs rename column attempts to tries;
alter table jobs add column again_at bigint;
update jobs set run_at = lease_until where lease_until > run_at and finished_at is null;
alter table jobs drop column lease_until;
create index jobs_by_owner on jobs (lease_owner) where finished_at is null and lease_owner is not null;

-- A person's log: where it ends, and up to where it was pruned.
alter table streams rename to logs;
alter table logs add column floor bigint not null default 0;
create index changes_by_age on changes (at);

-- Since when a connection is in its state, so that nobody has to search the audit trail for it.
alter table connections add column state_since bigint not null default 0;
update connections set state_since = coalesce(removed_at, connected_at, created_at);
