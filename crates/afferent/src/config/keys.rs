//! Every setting there is: its name, what it means, and what holds without it.

/// One setting. In the environment its name, in the settings file the same in lower case.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// Another name that is read too.
    pub(crate) also: Option<&'static str>,
    pub(crate) default: Option<&'static str>,
    pub(crate) about: &'static str,
}

const fn key(name: &'static str, default: Option<&'static str>, about: &'static str) -> Key {
    Key { name, also: None, default, about }
}

/// Settings of the server.
pub(crate) const SERVER: &[Key] = &[
    key(
        "DATABASE_URL",
        Some("sqlite:afferent-data/afferent.db"),
        "Where everything is kept: `sqlite:FILE`, or `postgres://…` when several processes share it.",
    ),
    Key {
        name: "INTEGRATION_ENCRYPTION_KEY",
        also: Some("CREDENTIAL_MASTER_KEY"),
        default: None,
        about: "The master key, as `afferent key new` prints it. Several with commas between: the first seals, all open. Required. Of two names, the first counts.",
    },
    key(
        "PUBLIC_URL",
        None,
        "Where people reach this server. By default `http://` and LISTEN, whose port must then be fixed.",
    ),
    key("LISTEN", Some("127.0.0.1:8080"), "Address and port to listen on."),
    key(
        "ALLOWED_RETURN_ORIGINS",
        Some(""),
        "Origins to which connect links may lead back, with commas between; `https://host:*` allows any port.",
    ),
    key("CORS_ORIGINS", Some(""), "Origins whose scripts may call the API, with commas between."),
    key(
        "WEBHOOK_TRUSTED_HOSTS",
        Some(""),
        "Hosts in the own network to which people and apps may have events sent, also over http, with commas between. Else only public https addresses.",
    ),
    key("TRUST_PROXY", Some("false"), "Whether a proxy in front says who the client is (`X-Forwarded-For`)."),
    key(
        "RATE_LIMIT_PER_MINUTE",
        Some("60"),
        "Requests a minute from one address to each of the guarded doors: sign-in, auth, callback, tokens.",
    ),
    key(
        "CONNECTIONS_PER_ADDRESS",
        Some("1000"),
        "Connections that one address may hold open; further ones are closed at once. 0: any number, as behind a proxy (TRUST_PROXY).",
    ),
    key(
        "STREAMS_PER_READER",
        Some("100"),
        "Streams that one token, or one person's browsers, may have open about the same person; further ones are answered 429.",
    ),
    key(
        "EVENT_RETENTION_DAYS",
        Some("30"),
        "Days after which events and deliveries are forgotten; what a webhook has not had yet waits a week longer. 0: never.",
    ),
    key(
        "RECORD_RETENTION_DAYS",
        Some("0"),
        "Days after which records are removed, with every raw page that holds one; people can choose fewer for theirs. 0: never.",
    ),
    key(
        "POLLING_ENABLED",
        Some("false"),
        "Whether providers are asked for everything again and again, and none is asked to send webhooks: for places that webhooks cannot reach.",
    ),
    key("POLLING_INTERVAL_SECONDS", Some("900"), "How often they are asked then, 60 at least."),
    key("LOG", Some("info,sqlx=warn,tower_http=warn"), "Which log lines are written, as tracing's filters say it."),
    key("LOG_FORMAT", Some("text"), "`text` or `json`."),
    key(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        None,
        "An OpenTelemetry collector to send traces to, as OTLP over HTTP. In the environment the other `OTEL_` variables of tracing count too, such as `OTEL_EXPORTER_OTLP_HEADERS`.",
    ),
];

/// Settings of each provider; its id in upper case and `_` come before the name.
pub(crate) const PROVIDER: &[Key] = &[
    key("CLIENT_ID", None, "Our application's id there. Required for the provider to be offered."),
    key("CLIENT_SECRET", None, "Our application's secret there. Required for the provider to be offered."),
    key(
        "REDIRECT_URI",
        None,
        "Where the provider sends people back, as registered there. By default PUBLIC_URL and `/api/v1/integrations/ID/callback`.",
    ),
    key("AUTHORIZE_URL", None, "In place of the provider's own authorization endpoint."),
    key("TOKEN_URL", None, "In place of the provider's own token endpoint."),
    key("REVOKE_URL", None, "In place of the provider's own revocation endpoint."),
    key("API_URL", None, "In place of the provider's own API address."),
    key("WEBHOOK_SECRET", None, "What the provider signs webhooks with. By default CLIENT_SECRET."),
    key(
        "WEBHOOK_VERIFICATION_TOKEN",
        None,
        "What the provider shows when it makes sure that the webhooks' address is ours. By default derived from CLIENT_SECRET.",
    ),
    key(
        "WEBHOOK_OLDEST_HOURS",
        None,
        "How many hours a webhook's signing may be from now by this server's clock, before or after. By default as the provider's manifest says.",
    ),
    key(
        "INITIAL_REFRESH_TOKEN",
        None,
        "Connects one person without a browser; used until the first refresh has been stored.",
    ),
    key(
        "INITIAL_USER",
        None,
        "Whom INITIAL_REFRESH_TOKEN connects: e-mail address. By default the only person there is.",
    ),
];
