-- Deliveries are sealed by a key of their day, which is destroyed after a week, sealed by the master key named beside it.
create table receive_keys (
    day text primary key,
    master_key_id text not null,
    key_sealed bytea not null
);

create table deliveries (
    id text primary key,
    provider text not null,
    state text not null,
    -- HMAC under the day's key: while a delivery waits to be opened, its twins are dropped
    digest text not null,
    receive_day text not null,
    received_at bigint not null,
    signed_at bigint,
    -- null once it was split into notices, each sealed by its connection's key
    body_sealed bytea,
    why text,
    tries bigint not null default 0,
    run_at bigint not null,
    settled_at bigint
);
create unique index deliveries_unopened on deliveries (provider, digest) where state = 'received';
create index deliveries_by_state on deliveries (state, id, provider);
create index deliveries_put_off on deliveries (run_at) where state = 'received' and tries > 0;

create table notices (
    id text primary key,
    delivery_id text not null references deliveries (id),
    user_id text not null references users (id),
    connection_id text not null references connections (id),
    -- the collection's id, or the provider's own word for what is not collected here
    collection text not null,
    operation text not null,
    object_sealed bytea not null,
    -- HMAC under the connection's key over collection and object: what is named twice is fetched once
    digest text not null,
    state text not null,
    why text,
    tries bigint not null default 0,
    run_at bigint not null,
    received_at bigint not null,
    settled_at bigint
);
create index notices_by_delivery on notices (delivery_id);
create index notices_by_connection on notices (connection_id, received_at);
create index notices_waiting on notices (connection_id, received_at) where state = 'waiting';
