//! Connects the person as they would themselves: to the sandbox's consent page and back.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, bail};
use engine::{Begin, Callback, Finished, Principal, SyncRequest};
use model::{Actor, Secret, TokenId, UserId};
use outbound::{Client, Guard, Request};
use store::hash_secret;
use url::Url;

use super::keepsake::Keepsake;
use crate::house::House;

const DEADLINE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// What an authorization request carries, and the consent form carries on.
const CARRIED: [&str; 7] =
    ["response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"];

/// Connects the person to every provider that they are not connected to yet, and brings their data in.
pub(super) async fn connect_all(house: &House, keepsake: &Keepsake, days: u32) -> anyhow::Result<()> {
    let user: UserId = keepsake.user_id.parse()?;
    let now = house.engine.clock().now();
    let token = house.db.read().await?.find_token(&hash_secret(&Secret::new(keepsake.api_token.as_str())), now).await?;
    let token = token.context("the demo's API token was revoked")?.id;
    let providers: Vec<_> = house.engine.providers().map(|configured| configured.manifest().id.clone()).collect();
    for provider in providers {
        if !house.engine.status(user, &provider).await?.connected {
            connect(house, user, token, &provider).await?;
        }
        backfilled(house, user, &provider).await?;
        let request = SyncRequest { days: days.clamp(1, 90), collection: "all".into(), wait: true };
        house.engine.ask_sync(&Actor::System, user, &provider, &request).await?;
    }
    Ok(())
}

/// Brings in what was missed while nothing ran. The sandbox, which forgets, learns from that who lets it tell us.
pub(super) async fn catch_up(house: &House, keepsake: &Keepsake) -> anyhow::Result<()> {
    let user: UserId = keepsake.user_id.parse()?;
    for status in house.engine.statuses(user).await?.iter().filter(|status| status.connected) {
        let request = SyncRequest { days: 1, collection: "all".into(), wait: false };
        house.engine.ask_sync(&Actor::System, user, &status.provider, &request).await?;
    }
    Ok(())
}

/// Waits for the first sync to end: to ask for the same days beside it would only be work done twice.
async fn backfilled(house: &House, user: UserId, provider: &str) -> anyhow::Result<()> {
    while house.engine.status(user, provider).await?.syncs.iter().any(|sync| !sync.finished) {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

async fn connect(house: &House, user: UserId, token: TokenId, provider: &str) -> anyhow::Result<()> {
    let (actor, principal) = (Actor::Token(token), Principal::Token(token));
    let begin = Begin {
        user,
        actor: actor.clone(),
        principal: principal.clone(),
        provider: provider.to_owned(),
        kinds: Vec::new(),
        link: None,
    };
    let begun = house.engine.begin(begin).await?;
    let mut returned = allow(&begun.redirect_url).await?;
    let callback = Callback {
        provider: provider.to_owned(),
        principals: vec![(principal, actor)],
        state: returned.remove("state").map(Secret::new),
        code: returned.remove("code").map(Secret::new),
        scope: returned.remove("scope"),
        error: returned.remove("error"),
    };
    match house.engine.finish(callback).await? {
        Finished::Connected { .. } => Ok(()),
        _ => bail!("the sandbox of {provider} did not let the person connect"),
    }
}

/// Presses "Allow" on the sandbox's consent page, and reads what comes back.
async fn allow(authorize: &Url) -> anyhow::Result<HashMap<String, String>> {
    let asked: HashMap<_, _> = authorize.query_pairs().into_owned().collect();
    let mut page = authorize.clone();
    page.set_query(None);
    let carried = CARRIED.into_iter().filter_map(|name| Some((name, Secret::new(asked.get(name)?.as_str()))));
    let mut request = Request::post(page);
    request.form = Some(carried.chain([("decision", Secret::new("allow"))]).collect());
    let http = Client::new(Guard::trusting([authorize]), DEADLINE)?;
    let answer = http.send(request).await?;
    let location = answer.header("location").context("the sandbox did not send the person back")?;
    Ok(Url::parse(location)?.query_pairs().into_owned().collect())
}
