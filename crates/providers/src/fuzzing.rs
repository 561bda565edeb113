//! What fuzzers and the replay of their corpus call: the parsers that face the outside, with what must always hold.
#![doc(hidden)]

use std::sync::{Arc, LazyLock};

use http::{HeaderMap, HeaderName, HeaderValue};
use model::Secret;
use url::Url;

use crate::{Application, Provider, Received, all};

/// Reading their manifests takes longer than what is to be fuzzed.
static PROVIDERS: LazyLock<Vec<Arc<dyn Provider>>> = LazyLock::new(all);

/// The secret that the corpus is signed with.
pub const SECRET: &str = "fuzzing";

/// A delivery: lines of headers, an empty line, a body.
pub fn delivery(data: &[u8]) {
    let (headers, body) = read_delivery(data);
    for provider in PROVIDERS.iter() {
        let secret = Secret::new(SECRET);
        if provider.verify(&secret, Received { headers: &headers, body }).is_ok() {
            let longer = [body, b" "].concat();
            let other = [body, b"x"].concat();
            // Some providers sign the body as it would be written again, so that blanks do not count.
            let _ = provider.verify(&secret, Received { headers: &headers, body: &longer });
            assert!(provider.verify(&secret, Received { headers: &headers, body: &other }).is_err());
            assert!(provider.verify(&Secret::new("other"), Received { headers: &headers, body }).is_err());
        }
        for notice in provider.notices(body).unwrap_or_default() {
            assert!(!notice.account_id.is_empty() && !notice.object_id.is_empty());
        }
    }
}

fn read_delivery(data: &[u8]) -> (HeaderMap, &[u8]) {
    let mut headers = HeaderMap::new();
    let mut rest = data;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line = &rest[..end];
        rest = &rest[end + 1..];
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { break };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    (headers, rest)
}

/// A query at a webhook's address.
pub fn challenge(data: &[u8]) {
    let query = String::from_utf8_lossy(data);
    for asked in PROVIDERS.iter().filter_map(|provider| provider.challenge(&query)) {
        assert!(asked.answer.is_object());
    }
}

/// An answer that lists what the provider sends us deliveries for.
pub fn subscriptions(data: &[u8]) {
    for provider in PROVIDERS.iter() {
        match provider.read_subscriptions(data) {
            Ok(listed) => {
                let said = serde_json::from_slice::<Vec<serde_json::Value>>(data).map_or(0, |said| said.len());
                assert!(listed.len() <= said, "nothing is made up");
            }
            // It is logged, and shown.
            Err(error) => assert!(error.to_string().len() < 200 && !error.to_string().contains(char::is_control)),
        }
    }
}

/// An answer of a token endpoint: its status in the first two bytes, then its body.
pub fn tokens(data: &[u8]) {
    let Some((status, body)) = data.split_first_chunk::<2>() else { return };
    let status = u16::from_be_bytes(*status);
    for provider in PROVIDERS.iter() {
        let Ok(redirect) = Url::parse("https://afferent.example/callback") else { return };
        let application = Application::new(provider.manifest(), "app".into(), Secret::new(SECRET), redirect);
        match application.read(status, body) {
            Ok(_) => assert!((200..300).contains(&status)),
            // It is logged, and shown.
            Err(error) => assert!(error.to_string().len() < 200 && !error.to_string().contains(char::is_control)),
        }
    }
}

/// A page: which collection in the first byte, then its body.
pub fn page(data: &[u8]) {
    let Some((which, body)) = data.split_first() else { return };
    for provider in PROVIDERS.iter() {
        let collections = &provider.manifest().collections;
        let collection = &collections[usize::from(*which) % collections.len()];
        let Ok(mapped) = provider.map(&collection.id, body) else { continue };
        assert!(mapped.records.iter().all(|record| !record.provider_id.is_empty()));
        assert_eq!(provider.map(&collection.id, body).ok(), Some(mapped), "the same page tells the same");
    }
}
