//! Deliveries as the provider sends and signs them. No two are alike: a repeated one would cost nothing to keep.

use std::net::SocketAddr;

use aws_lc_rs::hmac;
use jiff::Timestamp;
use model::Clock;

use crate::wire::request;

const PATH: &str = "/api/v1/integrations/oura/webhook";

/// Of whom and what deliveries speak.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) account: String,
    pub(crate) data_type: &'static str,
    /// The objects, again and again; without them each speaks of one that nobody knows.
    pub(crate) objects: Vec<String>,
}

/// Writes signed deliveries that speak of one account.
pub(crate) struct Deliveries {
    address: SocketAddr,
    key: hmac::Key,
    subject: Subject,
    clock: Clock,
    /// Which of several writers this one is.
    writer: usize,
    written: usize,
}

impl Deliveries {
    pub(crate) fn new(address: SocketAddr, secret: &str, subject: Subject, writer: usize) -> Self {
        Self {
            address,
            key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
            subject,
            clock: Clock::system(),
            writer,
            written: 0,
        }
    }

    /// The next delivery, as the bytes of a request.
    pub(crate) fn write(&mut self, to: &mut Vec<u8>) {
        let now = self.clock.now();
        let Subject { account, data_type, objects } = &self.subject;
        let unknown = format!("{:016x}-{:016x}", self.writer, self.written);
        let known = self.written.checked_rem(objects.len()).map(|index| objects[index].as_str());
        let body = format!(
            r#"{{"event_type":"update","data_type":"{data_type}","object_id":"{}","event_time":"{}","user_id":"{account}"}}"#,
            known.unwrap_or(&unknown),
            self.moment(now),
        );
        self.written += 1;
        let timestamp = now.as_second().to_string();
        let signature = hmac::sign(&self.key, format!("{timestamp}{body}").as_bytes());
        let headers = format!(
            "content-type: application/json\r\nx-oura-timestamp: {timestamp}\r\nx-oura-signature: {}\r\n",
            hexadecimal(signature.as_ref())
        );
        to.extend_from_slice(&request("POST", PATH, self.address, &headers, &body));
    }

    /// A moment of this second that no other delivery speaks of.
    fn moment(&self, now: Timestamp) -> Timestamp {
        let within = (self.writer * 1_000_000 + self.written) % 1_000_000_000;
        Timestamp::new(now.as_second(), i32::try_from(within).unwrap_or(0)).unwrap_or(now)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(objects: &[String]) -> (String, String) {
        let address = SocketAddr::from(([127, 0, 0, 1], 80));
        let subject = Subject { account: "ada".to_owned(), data_type: "daily_sleep", objects: objects.to_vec() };
        let mut deliveries = Deliveries::new(address, "secret", subject, 3);
        let mut next = || {
            let mut bytes = Vec::new();
            deliveries.write(&mut bytes);
            String::from_utf8(bytes).unwrap()
        };
        (next(), next())
    }

    #[test]
    fn no_two_are_alike() {
        let (first, second) = written(&[]);
        assert_ne!(first, second);
        let (first, second) = written(&["night".to_owned()]);
        assert!(first.contains(r#""object_id":"night""#) && second.contains(r#""object_id":"night""#));
        assert_ne!(first, second);
    }

    #[test]
    fn they_are_signed_as_the_provider_signs() {
        let (first, _) = written(&[]);
        let (head, body) = first.split_once("\r\n\r\n").unwrap();
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
        let timestamp = header("x-oura-timestamp: ");
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"secret");
        let expected = hmac::sign(&key, format!("{timestamp}{body}").as_bytes());
        let expected: String = expected.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(header("x-oura-signature: "), expected);
        assert_eq!(header("content-length: "), body.len().to_string());
    }
}
