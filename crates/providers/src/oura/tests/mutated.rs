//! Whatever an answer holds, mapping it ends without a panic and skips no more than what is bad.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{FIXTURES, Oura};
use crate::Provider;

fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([null, {}, "x", 1e300])),
        Just(json!("9999-12-31T23:59:59.999999999-25:00")),
        Just(json!("-009999-01-01T00:00:00+25:59")),
    ]
}

/// Replaces one value, found by walking the tree along `steps`.
fn replace(value: &mut Value, steps: &[usize], new: Value) {
    let Some((step, rest)) = steps.split_first() else {
        *value = new;
        return;
    };
    let child = match value {
        Value::Array(items) if !items.is_empty() => {
            let index = step % items.len();
            &mut items[index]
        }
        Value::Object(fields) if !fields.is_empty() => {
            let index = step % fields.len();
            fields.values_mut().nth(index).unwrap()
        }
        leaf => {
            *leaf = new;
            return;
        }
    };
    replace(child, rest, new);
}

proptest! {
    #[test]
    fn a_changed_value_spoils_its_own_item_only(
        which in 0..FIXTURES.len(),
        item in any::<prop::sample::Index>(),
        steps in prop::collection::vec(any::<usize>(), 0..6),
        new in odd_value(),
    ) {
        let (collection, body) = FIXTURES[which];
        let mut body: Value = serde_json::from_str(body).unwrap();
        let before = Oura::new().map(collection, body.to_string().as_bytes()).unwrap();
        if let Some(items) = body["data"].as_array_mut() {
            let count = items.len();
            replace(&mut items[item.index(count)], &steps, new);
            let after = Oura::new().map(collection, body.to_string().as_bytes()).unwrap();
            prop_assert!(after.skipped.len() <= before.skipped.len() + 1);
        }
    }

    #[test]
    fn a_changed_page_is_mapped_or_refused(
        which in 0..FIXTURES.len(),
        steps in prop::collection::vec(any::<usize>(), 0..8),
        new in odd_value(),
    ) {
        let (collection, body) = FIXTURES[which];
        let mut body: Value = serde_json::from_str(body).unwrap();
        replace(&mut body, &steps, new);
        let _ = Oura::new().map(collection, body.to_string().as_bytes());
    }

    #[test]
    fn any_bytes_are_mapped_or_refused(which in 0..FIXTURES.len(), body in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = Oura::new().map(FIXTURES[which].0, &body);
    }
}
