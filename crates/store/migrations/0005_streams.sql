-- When a person's log last grew, so that one index tells which logs other processes have added to.
alter table logs add column moved_at bigint not null default 0;
create index logs_moved on logs (moved_at);
