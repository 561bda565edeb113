//! What is planned never touches what is somebody else's, and leads to what is wanted.

use model::Operation::{Create, Update};
use proptest::{collection::vec, option, prelude::*};
use store::SubscriptionKey;

use super::*;

const HERE: &str = "https://here.org/webhook";
const BEFORE: &str = "https://before.org/webhook";
const ELSEWHERE: [&str; 2] = ["https://elsewhere.org/webhook", "https://here.org/webhook2"];
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 90);

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

fn topics() -> Vec<Topic> {
    ["sleep", "tag"].iter().flat_map(|name| [Create, Update].map(|it| ((*name).to_owned(), it))).collect()
}

fn theirs(id: usize, topic: usize, url: &str, ends_in: Option<i64>) -> Theirs {
    let (data_type, operation) = topics()[topic].clone();
    Theirs {
        provider_id: format!("s{id}"),
        data_type,
        operation,
        callback_url: url.to_owned(),
        expires_at: ends_in.map(|ends_in| now() + days(ends_in)),
    }
}

fn ours(topic: &Topic, url: &str, provider_id: Option<String>, expires_at: Option<Timestamp>) -> Ours {
    let (data_type, operation) = topic.clone();
    let key = SubscriptionKey { provider: "oura".into(), data_type, operation, callback_url: url.into() };
    Ours {
        id: model::Random::system().id(now()),
        key,
        provider_id,
        state: SubscriptionState::Active,
        last_error: None,
        tries: 0,
        retry_at: None,
        expires_at,
        created_at: now() - days(1),
        renewed_at: None,
        checked_at: Some(now() - days(1)),
    }
}

fn record_of(theirs: &Theirs) -> Ours {
    let topic = (theirs.data_type.clone(), theirs.operation);
    ours(&topic, &theirs.callback_url, Some(theirs.provider_id.clone()), theirs.expires_at)
}

fn situation(theirs: Vec<Theirs>, ours: Vec<Ours>) -> Situation {
    Situation {
        wanted: topics(),
        callback_url: HERE.into(),
        past: vec![BEFORE.into(), HERE.into()],
        theirs,
        ours,
        renew_before: days(14),
        probe_since: None,
        replace_before: None,
        now: now(),
    }
}

fn complete() -> Situation {
    let theirs: Vec<_> = (0..4).map(|topic| theirs(topic, topic, HERE, Some(60))).collect();
    let ours = theirs.iter().map(record_of).collect();
    situation(theirs, ours)
}

/// Carries a plan out as a provider would that does all it is asked.
fn carry_out(mut world: Situation, steps: &[Step], made: &mut usize) -> Situation {
    for step in steps {
        match step {
            Step::End { provider_id, recorded } => {
                world.theirs.retain(|theirs| theirs.provider_id != *provider_id);
                world.ours.retain(|ours| Some(ours.id) != *recorded);
            }
            Step::Forget(id) => world.ours.retain(|ours| ours.id != *id),
            Step::Adopt { topic, provider_id, expires_at } => note(&mut world, topic, provider_id, *expires_at, None),
            Step::Create(topic) => {
                *made += 1;
                let index = topics().iter().position(|known| known == topic).unwrap();
                let new = Theirs { expires_at: Some(now() + LIFE), ..theirs(1000 + *made, index, HERE, None) };
                note(&mut world, topic, &new.provider_id, new.expires_at, None);
                world.theirs.push(new);
            }
            Step::Renew { topic, provider_id } => {
                let mine = world.theirs.iter_mut().find(|theirs| theirs.provider_id == *provider_id).unwrap();
                mine.expires_at = Some(now() + LIFE);
                note(&mut world, topic, provider_id, Some(now() + LIFE), Some(now()));
            }
            Step::Replace { topic, provider_id } => {
                world.theirs.retain(|theirs| theirs.provider_id != *provider_id);
                world.ours.retain(|ours| ours.provider_id.as_ref() != Some(provider_id));
                world = carry_out(world, &[Step::Create(topic.clone())], made);
            }
            Step::Probe { topic, provider_id } => {
                let mine = world.theirs.iter().find(|theirs| theirs.provider_id == *provider_id).unwrap();
                let expires_at = mine.expires_at;
                note(&mut world, topic, provider_id, expires_at, None);
            }
        }
    }
    world
}

fn note(world: &mut Situation, topic: &Topic, id: &str, expires_at: Option<Timestamp>, renewed: Option<Timestamp>) {
    let row = Ours { created_at: now(), ..ours(topic, HERE, Some(id.to_owned()), expires_at) };
    let before = world.ours.iter().position(|ours| ours.key == row.key);
    let before = before.map(|index| world.ours.swap_remove(index));
    let renewed_at = renewed.or(before.as_ref().and_then(|before| before.renewed_at));
    world.ours.push(Ours { id: before.map_or(row.id, |before| before.id), renewed_at, checked_at: Some(now()), ..row });
}

fn is_elsewhere(world: &Situation, id: &str) -> bool {
    let theirs = world.theirs.iter().find(|theirs| theirs.provider_id == id);
    theirs.is_some_and(|theirs| ELSEWHERE.contains(&theirs.callback_url.as_str()))
}

fn touched(step: &Step) -> Option<&str> {
    match step {
        Step::End { provider_id, .. }
        | Step::Adopt { provider_id, .. }
        | Step::Renew { provider_id, .. }
        | Step::Probe { provider_id, .. }
        | Step::Replace { provider_id, .. } => Some(provider_id),
        Step::Forget(_) | Step::Create(_) => None,
    }
}

prop_compose! {
    fn some_theirs()(all in vec((0..4_usize, 0..4_usize, option::of(-3..90_i64)), 0..12)) -> Vec<Theirs> {
        let at = [HERE, BEFORE, ELSEWHERE[0], ELSEWHERE[1]];
        all.into_iter().enumerate().map(|(id, (topic, url, ends))| theirs(id, topic, at[url], ends)).collect()
    }
}

prop_compose! {
    /// Records of what is there, of what is not, and of what failed, one for each topic and address at most.
    fn some_situation()(
        theirs in some_theirs(),
        rows in vec((0..4_usize, any::<bool>(), option::of(0..16_usize), 0..3_usize, option::of(-2..2_i64)), 0..10),
        wanted in vec(any::<bool>(), 4),
        probing in any::<bool>(),
        replacing in any::<bool>(),
    ) -> Situation {
        let mut world = situation(theirs, Vec::new());
        let states = [SubscriptionState::Active, SubscriptionState::Failed, SubscriptionState::Taken];
        for (topic, here, id, state, retry) in rows {
            let id = id.map(|id| format!("s{id}"));
            let row = ours(&topics()[topic], if here { HERE } else { BEFORE }, id.clone(), Some(now() + days(60)));
            let row = Ours { state: states[state], retry_at: retry.map(|retry| now() + days(retry)), ..row };
            let is_new = world.ours.iter().all(|known| known.key != row.key && (id.is_none() || known.provider_id != id));
            if is_new { world.ours.push(row); }
        }
        let mut wanted = wanted.into_iter();
        world.wanted.retain(|_| wanted.next().unwrap_or_default());
        world.probe_since = probing.then_some(now());
        world.replace_before = replacing.then_some(now());
        world
    }
}

proptest! {
    #[test]
    fn what_leads_elsewhere_is_never_touched(world in some_situation()) {
        for step in world.plan() {
            let id = touched(&step);
            prop_assert!(!id.is_some_and(|id| is_elsewhere(&world, id)), "{step:?}");
        }
    }

    #[test]
    fn carrying_a_plan_out_leaves_nothing_to_be_done(world in some_situation()) {
        let mut made = 0;
        let steps = world.plan();
        let strangers = |world: &Situation| {
            world.theirs.iter().filter(|theirs| is_elsewhere(world, &theirs.provider_id)).cloned().collect::<Vec<_>>()
        };
        let after = carry_out(world.clone(), &steps, &mut made);
        prop_assert_eq!(strangers(&after), strangers(&world));
        // What was made sure of may end soon; what was lacking kept the rest from being made anew.
        let after = (0..2).fold(after, |after, _| carry_out(after.clone(), &after.plan(), &mut made));
        prop_assert_eq!(strangers(&after), strangers(&world));
        prop_assert_eq!(after.plan(), vec![], "after {:?}", steps);
    }

    #[test]
    fn what_is_wanted_is_had_when_nothing_is_put_off(mut world in some_situation()) {
        world.ours.iter_mut().for_each(|ours| ours.retry_at = None);
        let after = carry_out(world.clone(), &world.plan(), &mut 0);
        let mut had: Vec<_> = after.theirs.iter().filter(|theirs| !is_elsewhere(&after, &theirs.provider_id)).collect();
        had.sort_by_key(|theirs| (theirs.data_type.clone(), theirs.operation));
        let topics: Vec<Topic> = had.iter().map(|theirs| (theirs.data_type.clone(), theirs.operation)).collect();
        prop_assert_eq!(topics, world.wanted);
        prop_assert!(had.iter().all(|theirs| theirs.callback_url == HERE));
        prop_assert_eq!(after.ours.len(), after.wanted.len());
    }
}

#[test]
fn what_is_complete_is_left_alone() {
    assert_eq!(complete().plan(), []);
}

#[test]
fn what_lacks_is_made_and_what_is_not_on_record_is_adopted() {
    let mut world = complete();
    let gone = world.theirs.remove(0);
    let forgotten = world.ours.remove(2);
    let topic = (forgotten.key.data_type.clone(), forgotten.key.operation);
    let adopted = Step::Adopt { topic, provider_id: "s2".into(), expires_at: forgotten.expires_at };
    assert_eq!(world.plan(), [Step::Create((gone.data_type, gone.operation)), adopted]);
}

#[test]
fn what_ends_within_a_fortnight_is_renewed_once() {
    let mut world = complete();
    let ends = Some(now() + days(14));
    (world.theirs[1].expires_at, world.ours[1].expires_at) = (ends, ends);
    let renewed = Step::Renew { topic: topics()[1].clone(), provider_id: "s1".into() };
    assert_eq!(world.plan(), [renewed]);
    world.ours[1].renewed_at = Some(now() - SignedDuration::from_hours(1));
    assert_eq!(world.plan(), [], "the provider gives no longer life than that");
}

#[test]
fn what_leads_to_an_earlier_address_makes_way() {
    let mut world = complete();
    for (theirs, ours) in world.theirs.iter_mut().zip(&mut world.ours) {
        theirs.callback_url = BEFORE.into();
        ours.key.callback_url = BEFORE.into();
    }
    world.theirs.push(theirs(9, 0, BEFORE, None));
    let steps = world.plan();
    let (ended, made) = steps.split_at(5);
    assert!(ended.iter().all(|step| matches!(step, Step::End { .. })), "{steps:?}");
    assert!(made.len() == 4 && made.iter().all(|step| matches!(step, Step::Create(_))), "{steps:?}");
}

#[test]
fn what_another_server_has_turned_towards_itself_is_its_own() {
    let mut world = complete();
    world.theirs[0].callback_url = ELSEWHERE[0].into();
    assert_eq!(world.plan(), [Step::Create(topics()[0].clone())]);
    world.wanted.clear();
    assert!(!world.plan().iter().any(|step| touched(step) == Some("s0")));
}

#[test]
fn what_failed_waits_for_its_time() {
    let mut world = complete();
    world.theirs.remove(0);
    world.ours[0] = Ours { provider_id: None, retry_at: Some(now() + days(1)), ..world.ours[0].clone() };
    assert_eq!(world.plan(), []);
    world.now = now() + days(1);
    assert_eq!(world.plan(), [Step::Create(topics()[0].clone())]);
}

#[test]
fn only_what_was_not_checked_since_is_probed() {
    let mut world = complete();
    world.probe_since = Some(now() - SignedDuration::from_hours(1));
    world.ours[3].checked_at = Some(now());
    assert_eq!(world.plan().len(), 3);
    assert!(world.plan().iter().all(|step| matches!(step, Step::Probe { .. })));
}

#[test]
fn what_ends_soon_is_made_sure_of_first_and_renewed_whatever_came_of_that() {
    let mut world = complete();
    let ends = Some(now() + days(1));
    (world.theirs[1].expires_at, world.ours[1].expires_at) = (ends, ends);
    world.probe_since = Some(now() - days(2));
    world.ours[1].checked_at = Some(now() - days(3));
    let (topic, provider_id) = (topics()[1].clone(), "s1".to_owned());
    assert_eq!(world.plan(), [Step::Probe { topic: topic.clone(), provider_id: provider_id.clone() }]);
    world.ours[1].last_error = Some("status 500".into());
    assert_eq!(world.plan(), [Step::Renew { topic, provider_id }]);
}

#[test]
fn nothing_is_made_anew_while_something_lacks() {
    let mut world = complete();
    world.replace_before = Some(now());
    world.ours[0].created_at = now();
    assert_eq!(world.plan().len(), 3, "what is new stays");
    assert!(world.plan().iter().all(|step| matches!(step, Step::Replace { .. })));
    world.theirs.remove(2);
    assert_eq!(world.plan(), [Step::Create(topics()[2].clone())]);
    world.ours[2] = Ours { provider_id: None, retry_at: Some(now() + days(1)), ..world.ours[2].clone() };
    assert_eq!(world.plan(), []);
    world.ours[2].state = SubscriptionState::Taken;
    assert_eq!(world.plan().len(), 2, "what somebody else has may stay so");
}
