//! Which addresses may be reached: public ones, and the hosts that the operator named.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Refuses private addresses, whatever name leads to them, except on hosts that the operator configured.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    trusted: Arc<BTreeSet<String>>,
}

impl Guard {
    /// Trusts the hosts of these addresses, wherever they lead.
    pub fn trusting<'a>(urls: impl IntoIterator<Item = &'a Url>) -> Self {
        let trusted = urls.into_iter().filter_map(|url| url.host_str().map(str::to_owned)).collect();
        Self { trusted: Arc::new(trusted) }
    }

    /// Trusts hosts by their names or addresses, as a URL spells them.
    pub fn trusting_hosts(hosts: impl IntoIterator<Item = String>) -> Self {
        Self { trusted: Arc::new(hosts.into_iter().collect()) }
    }

    /// Whether an address may be asked for at all; names are checked again once they are resolved.
    pub fn permits(&self, url: &Url) -> bool {
        let Some(host) = url.host() else { return false };
        if !matches!(url.scheme(), "http" | "https") {
            return false;
        }
        if url.host_str().is_some_and(|name| self.trusted.contains(name)) {
            return true;
        }
        let public = match host {
            Host::Domain(_) => true,
            Host::Ipv4(address) => is_public(address.into()),
            Host::Ipv6(address) => is_public(address.into()),
        };
        public && url.scheme() == "https"
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let trusted = self.trusted.contains(name.as_str());
        Box::pin(async move {
            // The same words whether the name is unknown or leads inside: who has us try names learns none of ours.
            let all = tokio::net::lookup_host((name.as_str(), 0)).await.into_iter().flatten();
            let found: Vec<SocketAddr> = all.filter(|address| trusted || is_public(address.ip())).collect();
            if found.is_empty() {
                return Err("no public address was found by its name".into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(|| is_public_v6(v6), is_public_v4),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let benchmark = a == 198 && (b == 18 || b == 19);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || address.is_broadcast()
        || a == 0
        || a >= 240
        || shared
        || benchmark)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Global unicast is 2000::/3; what embeds an IPv4 address could lead anywhere.
    let global = first & 0xe000 == 0x2000;
    let embeds_v4 = first == 0x2002;
    let special = first == 0x2001 && (second < 0x200 || second == 0xdb8);
    global && !embeds_v4 && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn private_addresses_are_refused_in_every_spelling() {
        let guard = Guard::default();
        for text in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://10.0.0.1/",
            "http://169.254.169.254/latest",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[fd00::1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://100.64.0.1/",
            "http://0.0.0.0/",
            "ftp://example.org/",
            "http://example.org/",
            "http://8.8.8.8/",
            "https://192.168.1.1/",
        ] {
            assert!(!guard.permits(&url(text)), "{text}");
        }
        assert!(guard.permits(&url("https://api.example.org/")));
        assert!(guard.permits(&url("https://8.8.8.8/")));
    }

    #[test]
    fn a_configured_host_is_reached_wherever_it_is() {
        let sandbox = url("http://127.0.0.1:4000/oura");
        assert!(Guard::trusting([&sandbox]).permits(&sandbox));
        let by_name = Guard::trusting_hosts(["127.0.0.1".to_owned()]);
        assert!(by_name.permits(&sandbox) && !by_name.permits(&url("http://127.0.0.2/")));
    }
}
