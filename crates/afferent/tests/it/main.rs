//! The program as strangers meet it: started, used, killed, started again. A file per story.

mod api;
mod bootstrap;
mod demo;
mod keys;
mod killed;
mod lost;
mod operator;
mod program;
mod quiet;
mod replay;
mod replicas;
mod scene;
mod settings;
mod stand_in;
mod stopping;
