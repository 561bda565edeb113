//! People and apps on both engines, with a clock that the tests turn.

mod account;
mod audit;
mod house;
mod session;
mod sign_in;
mod token;
