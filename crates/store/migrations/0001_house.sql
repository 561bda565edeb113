-- One text for both engines. Times are epoch milliseconds, civil days are YYYY-MM-DD, ids are UUIDs as text,
-- columns called *sealed hold what only the keys above them open.

create table users (
    id text primary key,
    external_id text unique,
    email text unique,
    password_hash text,
    role text not null,
    zone text not null,
    created_at bigint not null,
    -- the person's data key, sealed by the master key that is named beside it
    master_key_id text not null,
    key_sealed bytea,
    failed_sign_ins bigint not null default 0,
    locked_until bigint not null default 0
);

create table sessions (
    id text primary key,
    secret_hash text not null unique,
    user_id text not null references users (id),
    created_at bigint not null,
    last_seen_at bigint not null,
    expires_at bigint not null
);
create index sessions_by_user on sessions (user_id);
create index sessions_by_expiry on sessions (expires_at);

create table api_tokens (
    id text primary key,
    -- whose token it is: of a user token, the only person it reaches; of a service token, who made it
    user_id text not null references users (id),
    service boolean not null,
    name text not null,
    secret_hash text not null unique,
    scopes text not null,
    sharing text not null,
    created_at bigint not null,
    expires_at bigint,
    last_used_at bigint,
    revoked_at bigint
);
create index api_tokens_by_user on api_tokens (user_id);

create table sharing (
    user_id text primary key references users (id),
    switches text not null
);

create table attempts (
    state_hash text primary key,
    user_id text not null references users (id),
    -- who began, and must come back: a session, an API token, or a connect link's cookie
    principal text not null,
    provider text not null,
    verifier_sealed bytea,
    scopes text not null,
    kinds text not null,
    purpose text not null,
    consent_version text not null,
    link_id text,
    created_at bigint not null,
    expires_at bigint not null,
    used_at bigint
);
create index attempts_by_expiry on attempts (expires_at);

create table connect_links (
    id text primary key,
    user_id text not null references users (id),
    token_id text not null,
    app_name text not null,
    providers text not null,
    return_url text not null,
    secret_hash text not null unique,
    created_at bigint not null,
    expires_at bigint not null,
    opened_at bigint,
    cookie_hash text,
    connection_id text,
    code_hash text unique,
    redeemed_at bigint
);

create table connections (
    id text primary key,
    user_id text not null references users (id),
    provider text not null,
    state text not null,
    reason text,
    account_id text,
    account_sealed bytea,
    -- the connection's data key, sealed by its user's; erasing it erases whatever it sealed
    key_sealed bytea,
    scopes_asked text not null,
    scopes_granted text,
    -- counts the fetches: taken before each request, compared when its answer is applied
    generation bigint not null default 0,
    created_at bigint not null,
    connected_at bigint,
    removed_at bigint,
    last_sync_at bigint,
    last_error text
);
create unique index connections_in_use on connections (user_id, provider) where state in ('active', 'needs_consent');
create index connections_by_account on connections (provider, account_id);
create index connections_by_user on connections (user_id);

create table consents (
    id text primary key,
    user_id text not null references users (id),
    connection_id text not null references connections (id),
    provider text not null,
    kinds text not null,
    purpose text not null,
    version text not null,
    given_at bigint not null,
    withdrawn_at bigint
);
create index consents_by_connection on consents (connection_id);

create table credentials (
    connection_id text primary key references connections (id),
    user_id text not null,
    access_sealed bytea not null,
    refresh_sealed bytea,
    expires_at bigint not null,
    refresh_at bigint not null,
    rotation bigint not null,
    lease_owner text,
    lease_until bigint not null default 0,
    -- when a refresh was begun whose outcome has not been stored
    intent_at bigint
);

create table collections (
    connection_id text not null references connections (id),
    collection text not null,
    user_id text not null,
    last_success_at bigint,
    last_attempt_at bigint,
    last_error text,
    missing_scope text,
    primary key (connection_id, collection)
);

-- spans of days that were fetched completely
create table coverage (
    user_id text not null,
    connection_id text not null references connections (id),
    collection text not null,
    first_day text not null,
    last_day text not null,
    primary key (connection_id, collection, first_day)
);

create table pages (
    id text primary key,
    connection_id text not null references connections (id),
    user_id text not null,
    collection text not null,
    generation bigint not null,
    fetched_at bigint not null,
    -- HMAC under the connection's key, so that the same answer is kept once
    digest text not null,
    body_sealed bytea not null,
    unique (connection_id, collection, digest)
);
create index pages_in_order on pages (connection_id, generation);

create table records (
    id text primary key,
    user_id text not null,
    connection_id text not null references connections (id),
    collection text not null,
    kind text not null,
    provider_id text not null,
    day text,
    starts_at bigint,
    ends_at bigint,
    zone_offset_seconds bigint,
    generation bigint not null,
    revision bigint not null,
    -- null in a tombstone
    body_sealed bytea,
    created_at bigint not null,
    updated_at bigint not null,
    removed_at bigint,
    unique (connection_id, kind, provider_id)
);
create index records_by_day on records (user_id, kind, day, id);
create index records_by_collection on records (connection_id, collection, day);

create table streams (
    user_id text primary key references users (id),
    head bigint not null
);

create table changes (
    user_id text not null,
    position bigint not null,
    type text not null,
    provider text not null,
    connection_id text not null,
    record_id text not null,
    kind text not null,
    day text,
    at bigint not null,
    primary key (user_id, position)
);

create table jobs (
    id text primary key,
    type text not null,
    user_id text,
    connection_id text,
    -- at most one unfinished job has it
    dedupe_key text unique,
    payload text not null,
    progress text,
    run_at bigint not null,
    attempts bigint not null default 0,
    lease_owner text,
    lease_until bigint not null default 0,
    finished_at bigint,
    outcome text,
    created_at bigint not null
);
create index jobs_due on jobs (run_at) where finished_at is null;
create index jobs_by_connection on jobs (connection_id, created_at);

create table budgets (
    application text primary key,
    window_starts_at bigint not null,
    taken bigint not null,
    paused_until bigint not null default 0
);

create table audit_heads (
    user_id text primary key references users (id),
    position bigint not null,
    hash text not null
);

create table audit_entries (
    user_id text not null,
    position bigint not null,
    at bigint not null,
    actor text not null,
    actor_id text,
    action text not null,
    detail_sealed bytea,
    hash text not null,
    primary key (user_id, position)
);

-- what keeps one reader's many reads in a minute to one entry, in every process
create table audit_reads (
    user_id text not null,
    actor text not null,
    action text not null,
    minute bigint not null,
    primary key (user_id, actor, action, minute)
);

create table idempotency_keys (
    principal text not null,
    key_hash text not null,
    request_hash text not null,
    status bigint,
    body_sealed bytea,
    created_at bigint not null,
    primary key (principal, key_hash)
);
