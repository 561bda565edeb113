//! Signs messages as the Standard Webhooks specification says (version 1.0.0, symmetric signatures).

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use model::{Random, Secret};
use zeroize::Zeroize;

use crate::InvalidSettings;

/// How signing secrets begin, so that people and scanners know one when they see it.
const PREFIX: &str = "whsec_";
/// The specification asks for 24 to 64.
const BYTES: usize = 32;

/// A new signing secret as it is shown: `whsec_` and base64.
pub fn new_secret(random: &Random) -> Secret {
    let mut bytes = random.bytes::<BYTES>();
    let secret = Secret::new(format!("{PREFIX}{}", STANDARD.encode(bytes)));
    bytes.zeroize();
    secret
}

/// The value of `webhook-signature`: one signature for each secret, with spaces between.
pub(super) fn sign(
    secrets: &[&Secret],
    message: &str,
    seconds: i64,
    payload: &[u8],
) -> Result<Secret, InvalidSettings> {
    let signatures: Vec<_> =
        secrets.iter().map(|secret| sign_by(secret, message, seconds, payload)).collect::<Result<_, _>>()?;
    Ok(Secret::new(signatures.join(" ")))
}

fn sign_by(secret: &Secret, message: &str, seconds: i64, payload: &[u8]) -> Result<String, InvalidSettings> {
    let encoded = secret.expose().strip_prefix(PREFIX).ok_or(InvalidSettings)?;
    let mut bytes = STANDARD.decode(encoded).map_err(|_| InvalidSettings)?;
    let mut signing = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &bytes));
    bytes.zeroize();
    signing.update(format!("{message}.{seconds}.").as_bytes());
    signing.update(payload);
    Ok(format!("v1,{}", STANDARD.encode(signing.sign())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYLOAD: &[u8] = br#"{"test": 2432232314}"#;

    #[test]
    fn a_signature_is_the_one_of_the_specifications_own_libraries() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed = sign(&[&secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, PAYLOAD).unwrap();
        assert_eq!(signed.expose(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn every_secret_signs() {
        let random = Random::seeded(1);
        let (new, old) = (new_secret(&random), new_secret(&random));
        let of = |secrets: &[&Secret]| sign(secrets, "msg_1", 1, PAYLOAD).unwrap().expose().to_owned();
        assert_eq!(of(&[&new, &old]), format!("{} {}", of(&[&new]), of(&[&old])));
        assert_ne!(of(&[&new]), of(&[&old]));
    }

    #[test]
    fn a_new_secret_is_long_enough_and_never_the_same() {
        let random = Random::seeded(2);
        let (one, other) = (new_secret(&random), new_secret(&random));
        let bytes = STANDARD.decode(one.expose().strip_prefix(PREFIX).unwrap()).unwrap();
        assert!((24..=64).contains(&bytes.len()));
        assert_ne!(one, other);
    }

    #[test]
    fn what_is_no_secret_signs_nothing() {
        for odd in ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_*"] {
            assert!(sign(&[&Secret::new(odd)], "msg_1", 1, PAYLOAD).is_err(), "{odd}");
        }
    }
}
