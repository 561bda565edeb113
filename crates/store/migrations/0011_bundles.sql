-- Deliveries that were received together are durable in one row, sealed by the key of their day. Opened, each gets a row in
-- `deliveries` of its own, in the state that it came to.
create table bundles (
    id text primary key,
    provider text not null,
    -- how many there are in it
    deliveries bigint not null,
    receive_day text not null,
    received_at bigint not null,
    run_at bigint not null,
    body_sealed bytea not null
);
create index bundles_due on bundles (run_at, id);
