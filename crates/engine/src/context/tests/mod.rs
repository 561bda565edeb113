//! What agents are told, and that it keeps to what is shared and to the budget.

mod chats;
mod laws;
mod people;
mod sharing;
mod texts;
