//! What is sent to us is of a size, and comes within a time.

use std::{
    io::{self, ErrorKind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Error,
    body::{Body, Bytes, HttpBody},
    extract::{Request, State as Extract},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::{Stream, StreamExt, future::BoxFuture, stream};

use crate::{
    State,
    problem::{Problem, ProblemId},
};

/// A body has come by then, or is not waited for: the largest one takes no longer over a slow line.
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers with a problem where a body is too large or too slow, whoever it was that read it.
pub(crate) async fn bound(Extract(state): Extract<State>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let late = Arc::new(AtomicBool::new(false));
    let clock = state.engine.clock().clone();
    let deadline = Box::pin(async move { clock.sleep(PATIENCE).await });
    let response = next.run(request.map(|body| Body::from_stream(until(deadline, body, late.clone())))).await;
    if late.load(Ordering::Relaxed) {
        return ProblemId::TooSlow.problem().into_response();
    }
    let is_told = response.extensions().get::<Problem>().is_some();
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE && !is_told {
        return ProblemId::TooLarge.problem().into_response();
    }
    response
}

/// What comes of a body until the deadline; notes where more was to come.
fn until(
    deadline: BoxFuture<'static, ()>,
    body: Body,
    late: Arc<AtomicBool>,
) -> impl Stream<Item = Result<Bytes, Error>> {
    stream::unfold((body.into_data_stream(), deadline, late), async |(mut body, mut deadline, late)| {
        let next = tokio::select! {
            biased;
            next = body.next() => next?,
            () = &mut deadline => {
                late.store(true, Ordering::Relaxed);
                Err(Error::new(io::Error::from(ErrorKind::TimedOut)))
            }
        };
        Some((next, (body, deadline, late)))
    })
}
