//! How Oura signs what it sends.

use aws_lc_rs::hmac;
use jiff::Timestamp;
use model::Secret;

/// The headers of a webhook: the HMAC-SHA256 of the timestamp's text and the body, in uppercase hexadecimal (Oura).
/// The timestamp's unit is not stated; its example looks like seconds.
pub(in super::super) fn sign(secret: &Secret, body: &[u8], at: Timestamp) -> Vec<(&'static str, String)> {
    let timestamp = at.as_second().to_string();
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes()));
    context.update(timestamp.as_bytes());
    context.update(body);
    let signature = context.sign().as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    vec![("x-oura-signature", signature), ("x-oura-timestamp", timestamp)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_another_program_does() {
        let body = br#"{"event_type":"update","data_type":"sleep","object_id":"o","event_time":"2026-01-26T08:00:00+00:00","user_id":"u"}"#;
        let at = Timestamp::from_second(1_769_414_430).unwrap();
        let headers = sign(&Secret::new("s3cret"), body, at);
        let known = "0508348D8EC2B6756593D066063B39AF023F8DAF1025EB0F7AECE754E0DC6A8D";
        assert_eq!(headers, [("x-oura-signature", known.to_owned()), ("x-oura-timestamp", "1769414430".to_owned())]);
    }
}
