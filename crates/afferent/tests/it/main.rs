//! The program as strangers meet it: started, used, killed, started again. A file per story.

mod api;
mod demo;
mod killed;
mod lost;
mod program;
mod replay;
mod scene;
mod settings;
mod stand_in;
mod stopping;
