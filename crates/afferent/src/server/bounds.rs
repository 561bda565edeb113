//! What one connection, and one address, may hold of this server.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use socket2::SockRef;
use tokio::net::TcpStream;

use crate::config::Config;

/// Who says nothing, or half of it, for so long, is not waited for.
const SILENCE: Duration = Duration::from_secs(15);
/// What was sent is taken within so long, or the reader has left.
const STALLED: Duration = Duration::from_secs(30);
/// What the system keeps of what a reader has not taken yet; the streams have a rule of their own for who falls behind.
const UNSENT_BYTES: usize = 256 * 1024;

/// What one connection, and one address, may hold of this server.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// How long one may take to say what one wants, and be idle before one says the next.
    pub(super) silence: Duration,
    pub(super) stalled: Duration,
    pub(super) per_address: Option<NonZeroUsize>,
}

impl Bounds {
    /// On this machine alone: any number of connections.
    pub(crate) const HERE: Self = Self { silence: SILENCE, stalled: STALLED, per_address: None };

    /// As the operator wants them. Behind a proxy everybody comes from one address.
    pub(crate) fn of(config: &Config) -> Self {
        let per_address = NonZeroUsize::new(config.connections_per_address).filter(|_| !config.trust_proxy);
        Self { per_address, ..Self::HERE }
    }

    /// Has the system give up who does not take what is sent, and send what is small at once.
    pub(super) fn tune(&self, stream: &TcpStream) -> std::io::Result<()> {
        let socket = SockRef::from(stream);
        socket.set_tcp_nodelay(true)?;
        socket.set_send_buffer_size(UNSENT_BYTES)?;
        #[cfg(target_os = "linux")]
        socket.set_tcp_user_timeout(Some(self.stalled))?;
        Ok(())
    }
}

/// Has the system allow as many open files, and so connections, as it allows anybody who asks.
pub(crate) fn open_more_files() {
    // Where that fails, what holds already is what there is.
    let _ = rlimit::increase_nofile_limit(rlimit::INFINITY);
}

/// How many connections each address holds.
pub(super) struct Places {
    per_address: Option<NonZeroUsize>,
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// One connection's place, given back when dropped.
pub(super) struct Place {
    address: IpAddr,
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Places {
    pub(super) fn new(bounds: &Bounds) -> Self {
        Self { per_address: bounds.per_address, taken: Arc::default() }
    }

    /// A place for one more, unless the address has had its own.
    pub(super) fn take(&self, address: IpAddr) -> Option<Place> {
        let address = network(address);
        let mut all = lock(&self.taken);
        let held = all.entry(address).or_default();
        if self.per_address.is_some_and(|most| *held >= most.get()) {
            return None;
        }
        *held += 1;
        Some(Place { address, taken: self.taken.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = lock(&self.taken);
        if let Some(held) = all.get_mut(&self.address) {
            *held -= 1;
            if *held == 0 {
                all.remove(&self.address);
            }
        }
    }
}

fn lock(taken: &Mutex<HashMap<IpAddr, usize>>) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whoever has an IPv6 address has all of its network, 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_so_many_places_and_gets_them_back() {
        let places = Places::new(&Bounds { per_address: NonZeroUsize::new(2), ..Bounds::HERE });
        let take = |address: &str| places.take(address.parse().unwrap());
        let (first, second) = (take("2001:db8::1"), take("2001:db8::2"));
        assert!(first.is_some() && second.is_some());
        assert!(take("2001:db8::3").is_none());
        assert!(take("2001:db8:0:1::1").is_some() && take("192.0.2.1").is_some(), "others have their own");
        drop(first);
        assert!(take("2001:db8::3").is_some());
        drop(second);
        assert!(lock(&places.taken).is_empty(), "who has left is forgotten");
    }
}
