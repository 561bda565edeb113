-- What providers are asked to send us deliveries for, and how the asking went. There is one row for each thing asked for
-- at each of our addresses, whether or not the provider has agreed.
create table subscriptions (
    id text primary key,
    provider text not null,
    data_type text not null,
    operation text not null,
    callback_url text not null,
    -- the provider's own identity of it; null while there is none
    provider_id text,
    state text not null,
    last_error text,
    -- how often asking failed since it last went well, and until when it is put off
    tries bigint not null default 0,
    retry_at bigint,
    expires_at bigint,
    created_at bigint not null,
    renewed_at bigint,
    checked_at bigint,
    unique (provider, data_type, operation, callback_url)
);

-- Every address that this server has had: what points there is ours.
create table public_urls (
    url text primary key,
    first_used_at bigint not null,
    last_used_at bigint not null
);

-- Whether each provider tells us of changes by itself, and if not, why.
create table listening (
    provider text primary key,
    state text not null,
    why text,
    since bigint not null,
    -- when what the provider has was last compared with what we want, and how often that failed since it last went well
    reconciled_at bigint,
    tries bigint not null default 0,
    probe_asked_at bigint,
    probed_at bigint
);

-- When a connection was last told of something; since when it should have been told and was not; and when asking brought
-- something that it had not been told of.
alter table connections add column last_notice_at bigint;
alter table connections add column silent_since bigint;
alter table connections add column untold_at bigint;
create index connections_of_provider on connections (provider) where state in ('active', 'needs_consent');
create index connections_silent on connections (provider) where silent_since is not null;
