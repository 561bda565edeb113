-- A person's timeline is read by the time things happened.
create index jobs_by_user on jobs (user_id, finished_at);
create index notices_by_user on notices (user_id, received_at);
