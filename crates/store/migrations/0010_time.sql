-- When the house was last kept, in one row, so that a clock that is far ahead is noticed before anything is forgotten.
create table housekeeping (
    id bigint primary key,
    kept_at bigint not null,
    -- since when the time is too far ahead of that to be believed
    doubted_at bigint
);

-- What is written, and deleted again, to learn whether the disk takes it.
create table probes (
    id bigint primary key,
    weight bytea not null
);
