//! What the API's own description declares. Every answer is held against it, whichever story asks.

use std::sync::LazyLock;

use serde_json::Value;

/// An operation: its method, the parts of its path, and the statuses that it may answer with.
struct Operation {
    method: String,
    parts: Vec<String>,
    statuses: Vec<u16>,
}

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let document = serde_json::to_value(web::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| item.as_object().unwrap().iter().map(|it| Operation::read(path, it))).collect()
});

impl Operation {
    fn read(path: &str, (method, operation): (&String, &Value)) -> Self {
        let responses = operation["responses"].as_object().unwrap();
        let statuses = responses.keys().map(|status| status.parse().unwrap()).collect();
        Self { method: method.to_uppercase(), parts: parts(path), statuses }
    }

    fn is_at(&self, method: &str, path: &[String]) -> bool {
        let same = |(wanted, part): (&String, &String)| wanted.starts_with('{') || wanted == part;
        self.method == method && self.parts.len() == path.len() && self.parts.iter().zip(path).all(same)
    }

    /// How much of its path is said word for word.
    fn words(&self) -> usize {
        self.parts.iter().filter(|part| !part.starts_with('{')).count()
    }
}

fn parts(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

/// Fails when an operation answers with what it does not declare. What is no operation may answer as it likes.
pub(crate) fn check(method: &str, path: &str, status: u16) {
    let path = parts(path);
    let found = OPERATIONS.iter().filter(|operation| operation.is_at(method, &path)).max_by_key(|it| it.words());
    let is_declared = found.is_none_or(|operation| operation.statuses.contains(&status));
    assert!(is_declared, "{method} {} answers {status}, which it does not declare", path.join("/"));
}
