-- Somewhere else that changes are written to, how far each person's log has been written there, and what came of it.

create table sinks (
    id text primary key,
    type text not null,
    -- whose changes: a person's id, or `everybody`
    audience text not null,
    -- by whose key its settings are sealed
    user_id text not null references users (id),
    -- the token that answers for it; null: the person does
    token_id text,
    name text not null,
    -- words with spaces between; none: all
    kinds text not null,
    providers text not null,
    settings_sealed bytea not null,
    state text not null,
    -- why it is not active
    reason text,
    created_at bigint not null,
    last_success_at bigint,
    last_failure_at bigint,
    -- since when nothing was taken
    failing_since bigint,
    last_error text,
    -- failures since the last success, and until when nothing is tried
    failures bigint not null default 0,
    paused_until bigint not null default 0
);
create index sinks_in_use on sinks (audience) where state = 'active';
create index sinks_by_audience on sinks (audience, id);

-- who has no row here begins at the beginning
create table sink_cursors (
    sink_id text not null references sinks (id),
    user_id text not null references users (id),
    position bigint not null,
    -- how often what comes next was refused
    tries bigint not null default 0,
    primary key (user_id, sink_id)
);
create index sink_cursors_by_sink on sink_cursors (sink_id, user_id);

create table sink_attempts (
    id text primary key,
    sink_id text not null references sinks (id),
    user_id text not null,
    at bigint not null,
    message_id text not null,
    status bigint,
    -- null: it was taken
    error text,
    millis bigint not null
);
create index sink_attempts_by_sink on sink_attempts (sink_id, id);
create index sink_attempts_by_age on sink_attempts (at);
