-- Whether anybody is connected to a provider, and when it last answered, is asked by whoever asks whether we are well.
create index connections_by_sync on connections (provider, state, last_sync_at);
