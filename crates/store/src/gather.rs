//! Concurrent calls become one: what comes while a batch is under way is done together in the next.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use crate::{Error, Result};

/// More calls than this wait for the batch after.
const MOST: usize = 256;

/// What a batch comes to: as many answers as there were calls, in their order.
pub type Answers<R> = Pin<Box<dyn Future<Output = Result<Vec<R>>> + Send>>;

type Caller<R> = oneshot::Sender<Result<R>>;

/// Concurrent calls become one. Clones share what waits.
pub struct Gather<T, R>(Arc<Desk<T, R>>);

struct Desk<T, R> {
    work: Box<dyn Fn(Vec<T>) -> Answers<R> + Send + Sync>,
    queue: Mutex<Queue<T, R>>,
}

struct Queue<T, R> {
    calls: Vec<T>,
    callers: Vec<Caller<R>>,
    /// Whether somebody is at work, and will look again.
    busy: bool,
}

impl<T, R> Clone for Gather<T, R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Send + 'static, R: Send + 'static> Gather<T, R> {
    /// Gathers calls for a function that does many of them at once.
    pub fn new(work: impl Fn(Vec<T>) -> Answers<R> + Send + Sync + 'static) -> Self {
        let queue = Mutex::new(Queue { calls: Vec::new(), callers: Vec::new(), busy: false });
        Self(Arc::new(Desk { work: Box::new(work), queue }))
    }

    /// Does one call, together with those that wait beside it. It is done even when its caller goes away.
    pub async fn call(&self, call: T) -> Result<R> {
        let (caller, answer) = oneshot::channel();
        if self.0.join(call, caller) {
            tokio::spawn(self.0.clone().work_off());
        }
        answer.await.unwrap_or(Err(Error::OutcomeUnknown))
    }
}

impl<T: Send + 'static, R: Send + 'static> Desk<T, R> {
    fn open(&self) -> MutexGuard<'_, Queue<T, R>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says whether nobody was at work.
    fn join(&self, call: T, caller: Caller<R>) -> bool {
        let mut queue = self.open();
        queue.calls.push(call);
        queue.callers.push(caller);
        !std::mem::replace(&mut queue.busy, true)
    }

    async fn work_off(self: Arc<Self>) {
        while let Some((calls, callers)) = self.take() {
            // A batch that panics is the end of its own callers' calls, not of all later ones.
            if let Ok(answers) = tokio::spawn((self.work)(calls)).await {
                answer(answers, callers);
            }
        }
    }

    fn take(&self) -> Option<(Vec<T>, Vec<Caller<R>>)> {
        let mut queue = self.open();
        let count = queue.calls.len().min(MOST);
        if count == 0 {
            queue.busy = false;
            return None;
        }
        let calls = queue.calls.drain(..count).collect();
        Some((calls, queue.callers.drain(..count).collect()))
    }
}

/// A caller whose sender is dropped without an answer learns that the outcome is unknown.
fn answer<R>(answers: Result<Vec<R>>, callers: Vec<Caller<R>>) {
    match answers {
        Ok(answers) => callers.into_iter().zip(answers).for_each(|(caller, answer)| drop(caller.send(Ok(answer)))),
        Err(error) => {
            let error = Arc::new(error);
            callers.into_iter().for_each(|caller| drop(caller.send(Err(Error::Batch(error.clone())))));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::{sync::Semaphore, task::JoinSet};

    use super::*;

    /// Doubles numbers once it is let; an odd number fails its batch, and the largest panics.
    fn doubling(let_through: Arc<Semaphore>, batches: Arc<AtomicUsize>) -> Gather<usize, usize> {
        Gather::new(move |calls: Vec<usize>| {
            let (let_through, batches) = (let_through.clone(), batches.clone());
            Box::pin(async move {
                let _ = let_through.acquire().await;
                batches.fetch_add(1, Ordering::SeqCst);
                assert!(!calls.contains(&usize::MAX), "a fault");
                match calls.iter().any(|call| call % 2 == 1) {
                    true => Err(Error::NotFound("even number")),
                    false => Ok(calls.into_iter().map(|call| 2 * call).collect()),
                }
            })
        })
    }

    #[tokio::test]
    async fn calls_that_come_together_are_done_together() {
        let (closed, batches) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let gather = doubling(closed.clone(), batches.clone());
        let mut calls = JoinSet::new();
        for call in 0..600 {
            let gather = gather.clone();
            calls.spawn(async move { (call, gather.call(2 * call).await.unwrap()) });
        }
        tokio::task::yield_now().await;
        closed.add_permits(1);
        while let Some(done) = calls.join_next().await {
            let (call, answer) = done.unwrap();
            assert_eq!(answer, 4 * call, "each gets its own answer");
        }
        assert!(batches.load(Ordering::SeqCst) <= 4);
        assert_eq!(gather.call(8).await.unwrap(), 16, "it goes on after a pause");
    }

    #[tokio::test]
    async fn a_batch_that_fails_or_panics_fails_nobody_else() {
        let gather = doubling(Arc::new(Semaphore::new(1)), Arc::default());
        assert!(matches!(gather.call(3).await, Err(Error::Batch(_))));
        assert_eq!(gather.call(4).await.unwrap(), 8);
        assert!(matches!(gather.call(usize::MAX).await, Err(Error::OutcomeUnknown)));
        assert_eq!(gather.call(4).await.unwrap(), 8);
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_cancels_nothing() {
        let (closed, batches) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let gather = doubling(closed.clone(), batches.clone());
        let caller = tokio::spawn({
            let gather = gather.clone();
            async move { gather.call(2).await }
        });
        tokio::task::yield_now().await;
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        closed.add_permits(1);
        assert_eq!(gather.call(4).await.unwrap(), 8);
        assert_eq!(batches.load(Ordering::SeqCst), 2);
    }
}
