//! Every page in every state: honest HTML, small, and deaf to hostile text.

mod hostile;
pub(crate) mod samples;
mod structure;
mod weights;
mod words;
