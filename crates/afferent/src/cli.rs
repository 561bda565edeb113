//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;

/// Carries what people's devices and accounts sense to the apps and agents that act on it.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Cli {
    /// The settings file; afferent.toml, where there is one, when none is named.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Try it: a server and a sandbox of every provider, on this machine alone.
    Demo(Demo),
    /// Run the server.
    Serve,
    /// Run the sandbox by itself, for other programs' tests.
    Sandbox(SandboxArgs),
    /// Bring the database's tables up to date.
    Migrate,
    /// Look at settings, database, keys, clock and providers, and say what is wrong.
    Check,
    /// Master keys.
    #[command(subcommand)]
    Key(KeyCommand),
    /// People.
    #[command(subcommand)]
    User(UserCommand),
    /// API tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Bring a person's newer data in, and watch it come.
    Sync(SyncArgs),
    /// What providers sent by themselves.
    #[command(subcommand)]
    Deliveries(DeliveriesCommand),
    /// Map raw pages again after a mapper changed; shows the difference, and writes only when told to.
    Rederive(RederiveArgs),
    /// Print the API's description.
    Openapi,
    /// Print the reference of the settings or of the problems, as Markdown.
    #[command(hide = true)]
    Reference {
        #[arg(value_parser = ["settings", "problems"])]
        what: String,
    },
}

/// Options of the demo.
#[derive(Args)]
pub(crate) struct Demo {
    /// The server's port; 0: any that is free.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// The sandbox's port; 0: any that is free.
    #[arg(long, default_value_t = 8081)]
    pub(crate) sandbox_port: u16,
    /// Where everything is kept; a second start finds it there.
    #[arg(long, value_name = "DIR", default_value = "afferent-data")]
    pub(crate) data: PathBuf,
    #[command(flatten)]
    pub(crate) life: Life,
    /// Begin with the person connected already.
    #[arg(long)]
    pub(crate) connected: bool,
    /// Let something small happen to the person so often, as if they lived faster; 0: never [default: 10, with --now 0]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) every: Option<u64>,
    /// Print one line of JSON once it serves.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The life behind the sandbox.
#[derive(Args)]
pub(crate) struct Life {
    /// Days of life before now.
    #[arg(long, default_value_t = 90)]
    pub(crate) days: u32,
    /// The same seed lives the same life.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where the clocks start.
    #[arg(long, value_name = "RFC3339")]
    pub(crate) now: Option<Timestamp>,
    /// Recorded answers to serve instead: DIR/<provider>/<collection>.json.
    #[arg(long, value_name = "DIR")]
    pub(crate) replay: Option<PathBuf>,
}

/// Options of the sandbox.
#[derive(Args)]
pub(crate) struct SandboxArgs {
    /// The port; 0: any that is free.
    #[arg(long, default_value_t = 8081)]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) life: Life,
    /// The application's id at every provider.
    #[arg(long, default_value = "sandbox-client")]
    pub(crate) client_id: String,
    /// The application's secret at every provider.
    #[arg(long, default_value = "sandbox-secret")]
    pub(crate) client_secret: String,
    /// Where the application may be called back; may be repeated.
    #[arg(long = "redirect-uri", value_name = "URI")]
    pub(crate) redirect_uris: Vec<String>,
}

/// What to do with keys.
#[derive(Subcommand)]
pub(crate) enum KeyCommand {
    /// Print a new master key, for INTEGRATION_ENCRYPTION_KEY.
    New {
        /// Its name; by default today's date.
        #[arg(long)]
        id: Option<String>,
    },
    /// Seal everybody's keys by the first master key; the server may go on running.
    Rotate,
}

/// What to do with people.
#[derive(Subcommand)]
pub(crate) enum UserCommand {
    /// Add somebody. Asks for a password, or reads it from standard input.
    Add {
        /// E-mail address, to sign in with.
        email: String,
        /// member, auditor or admin.
        #[arg(long, default_value = "member")]
        role: String,
        /// IANA time zone.
        #[arg(long, default_value = "UTC")]
        zone: String,
    },
}

/// What to do with API tokens.
#[derive(Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token, and print its secret.
    New {
        /// Whose token it is: e-mail address, id or external id.
        user: String,
        #[arg(long)]
        name: String,
        /// Scopes with spaces between; by default all that it can hold.
        #[arg(long)]
        scopes: Option<String>,
        /// A service token, which reaches everybody; administrators only.
        #[arg(long)]
        service: bool,
        #[arg(long, value_name = "DAYS")]
        expires_in: Option<u32>,
    },
    /// List a person's tokens.
    List { user: String },
    /// Revoke a token.
    Revoke { user: String, id: String },
}

/// Whose data to bring, and how much.
#[derive(Args)]
pub(crate) struct SyncArgs {
    /// E-mail address, id or external id.
    pub(crate) user: String,
    pub(crate) provider: String,
    /// Days back from today, 1 to 90.
    #[arg(long, default_value_t = 7)]
    pub(crate) days: u32,
    /// A collection, or all.
    #[arg(long = "type", default_value = "all")]
    pub(crate) collection: String,
}

/// What to do with deliveries.
#[derive(Subcommand)]
pub(crate) enum DeliveriesCommand {
    /// List what came and what became of it, the newest first.
    List {
        #[arg(long)]
        provider: Option<String>,
        /// received, waiting, applied, unmatched or dead.
        #[arg(long)]
        state: Option<String>,
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Have a delivery done again by the server.
    Replay {
        #[arg(required_unless_present = "dead")]
        id: Option<String>,
        /// All that were given up.
        #[arg(long, conflicts_with = "id")]
        dead: bool,
    },
}

/// Whose raw pages to map again.
#[derive(Args)]
pub(crate) struct RederiveArgs {
    /// E-mail address, id or external id; by default everybody.
    pub(crate) user: Option<String>,
    /// Write what is different.
    #[arg(long)]
    pub(crate) write: bool,
}
