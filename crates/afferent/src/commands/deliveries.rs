//! Shows what providers sent, and has it done again.

use engine::{Delivery, DeliveryQuery};
use model::Actor;

use super::say;
use crate::{cli::DeliveriesCommand, config::Config, house::House};

/// Lists, or replays.
pub(crate) async fn run(command: DeliveriesCommand, config: &Config) -> anyhow::Result<()> {
    let house = House::from_config(config).await?;
    match command {
        DeliveriesCommand::List { provider, state, limit } => {
            let state = state.map(|word| word.parse()).transpose()?;
            let wanted = DeliveryQuery { provider, state, before: None, limit: limit.into() };
            house.engine.deliveries(&wanted).await?.iter().for_each(show);
        }
        DeliveriesCommand::Replay { id: Some(id), .. } => {
            house.engine.replay(&Actor::Operator, id.parse()?).await?;
            say("the server does it again");
        }
        DeliveriesCommand::Replay { id: None, .. } => {
            let (replayed, lost) = house.engine.replay_dead(&Actor::Operator).await?;
            say(&format!("the server does {replayed} again; of {lost} nothing is left that could be done again"));
        }
    }
    Ok(())
}

fn show(delivery: &Delivery) {
    let why = delivery.why.as_deref().unwrap_or_default();
    say(&format!("{}  {}  {:9} {:9} {why}", delivery.id, delivery.received_at, delivery.provider, delivery.state));
    for notice in &delivery.notices {
        let object = notice.object_id.as_deref().unwrap_or("(sealed)");
        let why = notice.why.as_deref().unwrap_or_default();
        say(&format!(
            "  {:6} {:22} {object}  of {}  {} {why}",
            notice.operation, notice.collection, notice.user_id, notice.state
        ));
    }
}
