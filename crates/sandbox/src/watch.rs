//! What happens to every request of a provider: it is counted, limited, and goes wrong when told to.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    body::{Body, to_bytes},
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::header;
use model::Clock;

use crate::{
    Error, Options,
    faults::{Fault, FaultKind, Faults},
    stand_in::{Open, StandIn, Trouble},
};

/// Seconds over which requests are counted against the limit.
const WINDOW: i64 = 300;

/// A stand-in with what surrounds it.
#[derive(Clone)]
pub(crate) struct Room {
    pub(crate) stand_in: Arc<dyn StandIn>,
    pub(crate) faults: Faults,
    clock: Clock,
    /// The window that runs, and the requests in it.
    meter: Arc<Mutex<(i64, u32)>>,
}

impl Room {
    /// A stand-in with troubles of its own.
    pub(crate) fn open(open: Open, options: &Options) -> Result<Self, Error> {
        let faults = Faults::default();
        let stand_in = open(options, faults.clone())?;
        Ok(Self { stand_in, faults, clock: options.clock.clone(), meter: Arc::default() })
    }

    async fn answer(&self, fault: Option<Fault>, request: Request, next: Next) -> Response {
        if let Some(limited) = self.over_the_limit() {
            return self.stand_in.trouble(limited);
        }
        let Some(fault) = fault else { return next.run(request).await };
        match fault.kind {
            FaultKind::RateLimit => self.stand_in.trouble(self.limited(fault.wait())),
            FaultKind::Error => self.stand_in.trouble(Trouble::Broken),
            FaultKind::Drop => dropped(next.run(request).await),
            FaultKind::Malformed => cut_short(next.run(request).await).await,
            FaultKind::Slow => {
                self.clock.sleep(std::time::Duration::from_secs(fault.wait())).await;
                next.run(request).await
            }
            _ => next.run(request).await,
        }
    }

    fn over_the_limit(&self) -> Option<Trouble> {
        let now = self.clock.now().as_second();
        let window = now.div_euclid(WINDOW);
        let mut meter = self.meter.lock().unwrap_or_else(PoisonError::into_inner);
        if meter.0 != window {
            *meter = (window, 0);
        }
        meter.1 = meter.1.saturating_add(1);
        let left = (window + 1) * WINDOW - now;
        (meter.1 > self.faults.settings().rate_limit).then(|| self.limited(left.unsigned_abs()))
    }

    fn limited(&self, retry_after: u64) -> Trouble {
        Trouble::Limited { retry_after, limit: self.faults.settings().rate_limit, window: WINDOW.unsigned_abs() }
    }
}

/// Stands before every route of a provider.
pub(crate) async fn watch(
    State(room): State<Room>,
    matched: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let counted = counted_as(&path, matched.as_ref());
    let fault = room.faults.strike(&path);
    let lost = fault.as_ref().is_some_and(|fault| fault.kind == FaultKind::Drop);
    let response = room.answer(fault, request, next).await;
    let status = response.status();
    room.faults.count(|stats| stats.asked(&counted, if lost { "dropped" } else { status.as_str() }));
    response
}

/// The path, with the name of a parameter at its end instead of the parameter, so that documents are counted together.
fn counted_as(path: &str, matched: Option<&MatchedPath>) -> String {
    let parameter =
        matched.and_then(|matched| matched.as_str().rsplit('/').next()).filter(|last| *last == "{document_id}");
    match (parameter, path.rsplit_once('/')) {
        (Some(parameter), Some((folder, _))) => format!("{folder}/{parameter}"),
        _ => path.to_owned(),
    }
}

/// An answer whose connection ends before its body begins.
fn dropped(response: Response) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let end = futures::stream::once(async { Err::<axum::body::Bytes, _>(std::io::ErrorKind::ConnectionReset) });
    Response::from_parts(
        parts,
        Body::from_stream(futures::StreamExt::map(end, |end| end.map_err(std::io::Error::from))),
    )
}

/// An answer that is well-formed HTTP but ends in the middle of its JSON.
async fn cut_short(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    Response::from_parts(parts, Body::from(whole.slice(..whole.len() / 2)))
}
