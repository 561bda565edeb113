//! Where providers reach us, and whether they can.

use std::net::IpAddr;

use url::{Host, Url};

/// Where a provider sends its deliveries.
pub(super) fn callback_url(public_url: &Url, provider: &str) -> Result<Url, url::ParseError> {
    public_url.join(&format!("/api/v1/integrations/{provider}/webhook"))
}

/// Whether two texts are one address.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one == other || matches!((Url::parse(one), Url::parse(other)), (Ok(one), Ok(other)) if one == other)
}

/// Why a provider's API cannot reach an address of ours; `None` when nothing speaks against it.
pub(super) fn why_unreachable(public_url: &Url, api_url: &Url) -> Option<String> {
    let said = |why: &str| Some(format!("PUBLIC_URL, {}, {why}", public_url.origin().ascii_serialization()));
    if leads_nowhere(public_url) {
        return said("is a name that leads nowhere");
    }
    // A provider on this machine reaches whatever we do.
    if is_local(api_url) {
        return None;
    }
    if is_local(public_url) {
        return said("is reached from nearby only");
    }
    if public_url.scheme() != "https" { said("is not https") } else { None }
}

/// RFC 2606, section 2: names that nobody can register.
fn leads_nowhere(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => is_below(name, &["test", "example", "invalid"]),
        Some(_) => false,
        None => true,
    }
}

/// Names of this machine (RFC 6761) and of its network (RFC 6762, RFC 8375), and addresses of either.
fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => is_below(name, &["localhost", "local", "internal", "home.arpa"]),
        Some(Host::Ipv4(address)) => is_nearby(address.into()),
        Some(Host::Ipv6(address)) => is_nearby(address.to_canonical()),
        None => true,
    }
}

fn is_below(name: &str, domains: &[&str]) -> bool {
    let name = name.trim_end_matches('.');
    domains.iter().any(|domain| name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

fn is_nearby(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_unspecified(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_provider_far_away_reaches_public_names_by_https_alone() {
        let api = url("https://api.provider.example.com");
        for ours in ["https://afferent.org", "https://8.8.8.8:8443", "https://afferent.org/below"] {
            assert_eq!(why_unreachable(&url(ours), &api), None, "{ours}");
        }
        for ours in [
            "http://afferent.org",
            "http://127.0.0.1:8080",
            "https://localhost",
            "https://afferent.localhost",
            "https://nas.local",
            "https://192.168.1.7",
            "https://[::1]",
            "https://[::ffff:10.0.0.1]",
            "https://[fd00::1]",
            "https://afferent.test",
        ] {
            assert!(why_unreachable(&url(ours), &api).is_some(), "{ours}");
        }
    }

    #[test]
    fn a_provider_on_this_machine_reaches_what_we_reach() {
        for api in ["http://127.0.0.1:4000/oura", "http://localhost:4000", "http://[::1]:4000"] {
            for ours in ["http://127.0.0.1:8080", "http://localhost", "https://afferent.org"] {
                assert_eq!(why_unreachable(&url(ours), &url(api)), None, "{ours}");
            }
            assert!(why_unreachable(&url("http://afferent.test"), &url(api)).is_some());
        }
    }

    #[test]
    fn an_address_is_the_same_in_every_spelling() {
        assert!(is_same("https://afferent.org/webhook", "HTTPS://Afferent.org:443/webhook"));
        assert!(!is_same("https://afferent.org/webhook", "https://afferent.org/webhooks"));
        assert!(is_same("no address", "no address"));
    }
}
