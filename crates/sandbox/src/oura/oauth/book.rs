//! The book of codes and grants: what is still good.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use model::Secret;

use super::claims::{Claims, Sealer, Use};
use crate::{ClientApp, FaultKind};

/// Oura's specification: a code lives ten minutes.
const CODE_LIVES: i64 = 10 * 60 * 1000;
/// Oura: clients see 86400 seconds.
pub(super) const ACCESS_LIVES: i64 = 86_400;

/// Codes and grants.
pub(in super::super) struct Book {
    sealer: Sealer,
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    codes: HashMap<String, Code>,
    grants: HashMap<String, Grant>,
    /// Grants from before this process that were given until then are revoked.
    revoked_until: Option<i64>,
    /// Access tokens that were issued before are expired.
    expired_before: Option<i64>,
}

/// What was agreed to, waiting to be fetched.
pub(super) struct Code {
    pub(super) account_id: String,
    pub(super) scopes: Vec<String>,
    pub(super) redirect_uri: String,
    /// Whether the request named it; then the exchange must, too.
    pub(super) redirect_named: bool,
    pub(super) challenge: Option<Challenge>,
    pub(super) issued_at: i64,
}

/// What the verifier is checked against.
#[derive(Clone)]
pub(super) struct Challenge {
    pub(super) text: String,
    pub(super) hashed: bool,
}

struct Grant {
    account_id: String,
    scopes: Vec<String>,
    generation: u64,
    rotated_at: i64,
    /// Access tokens of earlier generations are expired.
    access_from: u64,
    revoked: bool,
}

/// Who reads.
pub(in super::super) struct Reader {
    pub(in super::super) account_id: String,
    scopes: Vec<String>,
}

impl Reader {
    pub(in super::super) fn may(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }
}

/// A fresh pair of tokens.
pub(super) struct Pair {
    pub(super) access: Secret,
    pub(super) refresh: Secret,
    pub(super) scopes: Vec<String>,
}

impl Book {
    pub(in super::super) fn new(seed: u64, client: Option<&ClientApp>) -> Self {
        Self { sealer: Sealer::new(seed, client), pages: Mutex::default() }
    }

    /// Notes a code.
    pub(super) fn keep(&self, code: &Secret, what: Code) {
        self.open().codes.insert(code.expose().to_owned(), what);
    }

    /// Takes a code out, so that nobody else does; gives it back only while it is fresh.
    pub(super) fn take(&self, code: &str, now: Timestamp) -> Option<Code> {
        let code = self.open().codes.remove(code)?;
        (now.as_millisecond() - code.issued_at < CODE_LIVES).then_some(code)
    }

    /// Opens a grant and issues its first tokens.
    pub(super) fn grant(&self, id: String, account_id: String, scopes: Vec<String>, now: Timestamp) -> Pair {
        let now = now.as_millisecond();
        let claims =
            Claims { kind: Use::Access, grant: id, account_id, scopes, granted_at: now, issued_at: now, generation: 0 };
        self.open().grants.insert(claims.grant.clone(), Grant::of(&claims));
        self.pair(claims)
    }

    /// Exchanges a refresh token, which is used up by it; within `grace` it still gives the newest pair.
    pub(super) fn refresh(&self, token: &str, grace: Duration, now: Timestamp) -> Option<Pair> {
        let mut claims = self.sealer.open(token, Use::Refresh)?;
        let now = now.as_millisecond();
        let mut pages = self.open();
        let grant = pages.grant_of(&claims);
        let grace = i64::try_from(grace.as_millis()).unwrap_or(i64::MAX);
        let just_used = claims.generation + 1 == grant.generation && now - grant.rotated_at < grace;
        if grant.revoked || (claims.generation < grant.generation && !just_used) {
            return None;
        }
        if !just_used {
            grant.generation = claims.generation + 1;
            grant.rotated_at = now;
        }
        claims.generation = grant.generation;
        claims.issued_at = now;
        drop(pages);
        Some(self.pair(claims))
    }

    /// Who reads with an access token, if it is good.
    pub(in super::super) fn reader(&self, token: &str, now: Timestamp) -> Option<Reader> {
        let claims = self.good(token, now)?;
        Some(Reader { account_id: claims.account_id, scopes: claims.scopes })
    }

    /// Whether an account has granted one of these scopes, or anything at all where there are none.
    pub(in super::super) fn has_granted(&self, account_id: &str, scopes: &[&str]) -> bool {
        let covers =
            |grant: &Grant| scopes.is_empty() || grant.scopes.iter().any(|have| scopes.contains(&have.as_str()));
        self.open().grants.values().any(|grant| !grant.revoked && grant.account_id == account_id && covers(grant))
    }

    /// Ends the grant of an access token, if that is good.
    pub(super) fn revoke(&self, token: &str, now: Timestamp) -> bool {
        let Some(claims) = self.good(token, now) else { return false };
        self.open().grants.entry(claims.grant).and_modify(|grant| grant.revoked = true);
        true
    }

    /// Carries out what was decreed from outside.
    pub(in super::super) fn obey(&self, decree: FaultKind, now: Timestamp) {
        let mut pages = self.open();
        match decree {
            FaultKind::RevokeConsent => {
                pages.revoked_until = Some(now.as_millisecond());
                pages.grants.values_mut().for_each(|grant| grant.revoked = true);
            }
            FaultKind::ExpireTokens => {
                pages.expired_before = Some(now.as_millisecond());
                pages.grants.values_mut().for_each(|grant| grant.access_from = grant.generation + 1);
            }
            _ => {}
        }
    }

    fn good(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let claims = self.sealer.open(token, Use::Access)?;
        let mut pages = self.open();
        let expired = pages.expired_before.is_some_and(|before| claims.issued_at < before)
            || now.as_millisecond() >= claims.issued_at + ACCESS_LIVES * 1000;
        let grant = pages.grant_of(&claims);
        let good = !expired && !grant.revoked && claims.generation >= grant.access_from;
        good.then_some(claims)
    }

    fn pair(&self, claims: Claims) -> Pair {
        Pair {
            access: self.sealer.seal(&Claims { kind: Use::Access, ..claims.clone() }),
            refresh: self.sealer.seal(&Claims { kind: Use::Refresh, ..claims.clone() }),
            scopes: claims.scopes,
        }
    }

    fn open(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    /// The grant of a token. One from before this process is taken at the token's word.
    fn grant_of(&mut self, claims: &Claims) -> &mut Grant {
        let revoked_until = self.revoked_until;
        self.grants.entry(claims.grant.clone()).or_insert_with(|| {
            let revoked = revoked_until.is_some_and(|until| claims.granted_at <= until);
            Grant { revoked, ..Grant::of(claims) }
        })
    }
}

impl Grant {
    /// The grant as a token of it says.
    fn of(claims: &Claims) -> Self {
        Self {
            account_id: claims.account_id.clone(),
            scopes: claims.scopes.clone(),
            generation: claims.generation,
            rotated_at: claims.issued_at,
            access_from: 0,
            revoked: false,
        }
    }
}
