//! Concurrent calls become one: what comes while a batch is under way is done together in the next.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

use crate::{Error, Result};

/// More calls than this wait for the batch after.
const MOST: usize = 256;
/// What comes while so many wait is refused: the database does not keep up.
const MOST_WAITING: usize = 16 * 1024;
/// Whoever has no answer by then learns that the outcome is unknown.
const PATIENCE: Duration = Duration::from_secs(8);

/// What a batch comes to: as many answers as there were calls, in their order.
pub type Answers<R> = Pin<Box<dyn Future<Output = Result<Vec<R>>> + Send>>;

type Caller<R> = oneshot::Sender<Result<R>>;

/// Concurrent calls become one. Clones share what waits.
pub struct Gather<T, R>(Arc<Desk<T, R>>);

struct Desk<T, R> {
    work: Box<dyn Fn(Vec<T>) -> Answers<R> + Send + Sync>,
    /// Whether a call is for nothing but its answer.
    only_answers: bool,
    /// How long a batch is waited for.
    patience: Duration,
    queue: Mutex<Queue<T, R>>,
}

struct Queue<T, R> {
    waiting: VecDeque<(T, Caller<R>)>,
    /// Whether somebody is at work, and will look again.
    busy: bool,
}

impl<T, R> Clone for Gather<T, R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Send + 'static, R: Send + 'static> Gather<T, R> {
    /// Gathers calls for a function that does many of them at once. They are done even when their callers go away.
    pub fn new(work: impl Fn(Vec<T>) -> Answers<R> + Send + Sync + 'static) -> Self {
        Self::with(Box::new(work), false, PATIENCE)
    }

    /// Gathers calls for a function that only reads: whose caller has gone away is passed over.
    pub fn reading(work: impl Fn(Vec<T>) -> Answers<R> + Send + Sync + 'static) -> Self {
        Self::with(Box::new(work), true, PATIENCE)
    }

    fn with(work: Box<dyn Fn(Vec<T>) -> Answers<R> + Send + Sync>, only_answers: bool, patience: Duration) -> Self {
        let queue = Mutex::new(Queue { waiting: VecDeque::new(), busy: false });
        Self(Arc::new(Desk { work, only_answers, patience, queue }))
    }

    /// Does one call, together with those that wait beside it.
    pub async fn call(&self, call: T) -> Result<R> {
        let (caller, answer) = oneshot::channel();
        if self.0.join(call, caller)? {
            tokio::spawn(self.0.clone().work_off());
        }
        // Neither for a batch that hangs nor for its own after that does anybody wait for longer.
        match timeout(self.0.patience, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => Err(Error::OutcomeUnknown),
        }
    }
}

impl<T: Send + 'static, R: Send + 'static> Desk<T, R> {
    fn open(&self) -> MutexGuard<'_, Queue<T, R>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says whether nobody was at work.
    fn join(&self, call: T, caller: Caller<R>) -> Result<bool> {
        let mut queue = self.open();
        if queue.waiting.len() >= MOST_WAITING {
            return Err(Error::Busy);
        }
        queue.waiting.push_back((call, caller));
        Ok(!std::mem::replace(&mut queue.busy, true))
    }

    async fn work_off(self: Arc<Self>) {
        loop {
            // Whoever is about to call is let in: a batch costs hardly more than a call.
            tokio::task::yield_now().await;
            let Some((calls, callers)) = self.take() else { return };
            // A batch that panics is the end of its own callers' calls, not of all later ones. Nor do those wait for one
            // that hangs: it goes on by itself.
            if let Ok(Ok(answers)) = timeout(self.patience, tokio::spawn((self.work)(calls))).await {
                answer(answers, callers);
            }
        }
    }

    fn take(&self) -> Option<(Vec<T>, Vec<Caller<R>>)> {
        let mut queue = self.open();
        let (mut calls, mut callers) = (Vec::new(), Vec::new());
        while calls.len() < MOST
            && let Some((call, caller)) = queue.waiting.pop_front()
        {
            if !(self.only_answers && caller.is_closed()) {
                calls.push(call);
                callers.push(caller);
            }
        }
        queue.busy = !calls.is_empty();
        queue.busy.then_some((calls, callers))
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

    fn doubling(let_through: Arc<Semaphore>, batches: Arc<AtomicUsize>) -> Gather<usize, usize> {
        Gather::new(work(let_through, batches))
    }

    /// Doubles numbers once it is let; an odd number fails its batch, and the largest panics.
    fn work(let_through: Arc<Semaphore>, batches: Arc<AtomicUsize>) -> impl Fn(Vec<usize>) -> Answers<usize> {
        move |calls: Vec<usize>| {
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
        }
    }

    /// Calls, and goes away before there is an answer.
    async fn call_and_go(gather: &Gather<usize, usize>, call: usize) {
        let called = gather.call(call);
        tokio::select! {
            biased;
            _ = called => panic!("it was answered"),
            () = std::future::ready(()) => {}
        }
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
    async fn nobody_waits_for_a_batch_that_hangs_and_it_goes_on_by_itself() {
        let (closed, ended) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let (gate, end) = (closed.clone(), ended.clone());
        let hanging = move |calls: Vec<usize>| -> Answers<usize> {
            let (gate, end) = (gate.clone(), end.clone());
            Box::pin(async move {
                if calls.contains(&0) {
                    let _ = gate.acquire().await;
                    end.add_permits(1);
                }
                Ok(calls.into_iter().map(|call| 2 * call).collect())
            })
        };
        let gather = Gather::with(Box::new(hanging), false, Duration::from_millis(50));
        let told = async {
            assert!(matches!(gather.call(0).await, Err(Error::OutcomeUnknown)));
            // A machine that is busy may take longer over the next one as well.
            while gather.call(4).await.is_err() {}
            assert_eq!(ended.available_permits(), 0, "it still hangs");
            closed.add_permits(1);
            let _ = ended.acquire().await;
        };
        timeout(Duration::from_secs(60), told).await.expect("nobody waits for what hangs");
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

    #[tokio::test]
    async fn what_is_only_read_is_not_read_for_callers_that_went_away() {
        let (closed, batches) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let gather = Gather::reading(work(closed.clone(), batches.clone()));
        call_and_go(&gather, 2).await;
        while !gather.0.open().waiting.is_empty() {
            tokio::task::yield_now().await;
        }
        for _ in 0..600 {
            call_and_go(&gather, usize::MAX).await;
        }
        closed.add_permits(1);
        assert_eq!(gather.call(4).await.unwrap(), 8);
        assert!(batches.load(Ordering::SeqCst) <= 2);
        assert_eq!(gather.call(6).await.unwrap(), 12, "it goes on after a pause");
    }

    #[tokio::test]
    async fn no_more_wait_than_can_be_waited_for() {
        let closed = Arc::new(Semaphore::new(0));
        let gather = doubling(closed.clone(), Arc::default());
        call_and_go(&gather, 2).await;
        while !gather.0.open().waiting.is_empty() {
            tokio::task::yield_now().await;
        }
        for _ in 0..MOST_WAITING {
            call_and_go(&gather, 2).await;
        }
        assert!(matches!(gather.call(2).await, Err(Error::Busy)));
        closed.add_permits(1);
        while matches!(gather.call(2).await, Err(Error::Busy)) {
            tokio::task::yield_now().await;
        }
        assert_eq!(gather.call(4).await.unwrap(), 8, "it goes on when there is room");
    }
}
