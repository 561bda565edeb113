//! Which problems an operation may answer with: most follow from what its requests consist of, the rest stand beside it.

use std::collections::BTreeMap;

use utoipa::{
    IntoResponses,
    openapi::{
        Content, Ref, RefOr, Required,
        path::{Operation, ParameterIn},
        response::{Response, ResponseBuilder},
        schema::{ObjectBuilder, Type},
        security::SecurityRequirement,
    },
};

use crate::problem::ProblemId;

/// A fault of ours, or an outage of the database.
pub(crate) struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [500, 503].into_iter().map(declared).collect()
    }
}

/// A status that follows from what an operation does, not from what its requests consist of.
pub(crate) struct Also<const STATUS: u16>;

impl<const STATUS: u16> IntoResponses for Also<STATUS> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [declared(STATUS)].into()
    }
}

/// What can be wrong with any request of an operation.
pub(crate) fn of_requests(operation: &Operation) -> Vec<u16> {
    let mut statuses = Vec::new();
    let is_called = !is_open(operation);
    if is_called {
        statuses.extend([401, 403]);
    }
    for parameter in operation.parameters.iter().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        match parameter.parameter_in {
            ParameterIn::Path => statuses.push(404),
            _ if parameter.name == "user_id" => statuses.extend([404, 422]),
            _ => statuses.push(422),
        }
    }
    if let Some(RefOr::T(body)) = &operation.request_body {
        statuses.extend([400, 408, 413]);
        // Who signs sends what we do not read before its signature.
        if is_called {
            statuses.push(422);
        }
        if is_called && matches!(body.required, Some(Required::True)) {
            statuses.push(415);
        }
    }
    statuses
}

/// Whether nobody need show who they are.
fn is_open(operation: &Operation) -> bool {
    operation.security.iter().flatten().any(|needed| *needed == SecurityRequirement::default())
}

/// Adds what is not declared yet.
pub(crate) fn add(operation: &mut Operation, statuses: impl IntoIterator<Item = u16>) {
    let responses = &mut operation.responses.responses;
    // Who is led on is somebody in a browser, and reads what is wrong on a page.
    let is_browsed = responses.contains_key("303");
    for (status, response) in statuses.into_iter().map(declared) {
        responses.entry(status).or_insert(response);
    }
    let problems = responses.values_mut().filter_map(|response| match response {
        RefOr::T(response) if response.content.contains_key(PROBLEM) => Some(response),
        _ => None,
    });
    for problem in problems.filter(|_| is_browsed) {
        let text = ObjectBuilder::new().schema_type(Type::String).build();
        problem.content.insert("text/html".to_owned(), Content::new(Some(text)).into());
    }
}

const PROBLEM: &str = "application/problem+json";

fn declared(status: u16) -> (String, RefOr<Response>) {
    let facts = ProblemId::ALL.iter().map(|id| id.facts()).filter(|(_, of, ..)| of.as_u16() == status);
    let titles: Vec<_> = facts.map(|(id, _, title, _)| format!("`{id}`: {title}")).collect();
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    let response = ResponseBuilder::new().description(titles.join(". ")).content(PROBLEM, problem);
    (status.to_string(), response.build().into())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, to_value};

    #[test]
    fn every_operation_declares_its_very_statuses() {
        let document = to_value(crate::openapi()).unwrap();
        let declared = |method: &str, path: &str| {
            let responses = document["paths"][path][method]["responses"].as_object().unwrap();
            responses.keys().map(|status| status.parse::<u16>().unwrap()).collect::<Vec<_>>()
        };
        for operation in document["paths"].as_object().unwrap().values().flat_map(|it| it.as_object().unwrap().values())
        {
            for (status, response) in operation["responses"].as_object().unwrap() {
                assert_ne!(response["description"], Value::from(""), "{status} of {operation}");
            }
        }
        assert_eq!(declared("get", "/health"), [200]);
        assert_eq!(declared("get", "/api/v1/sizes"), [200, 401, 403, 500, 503]);
        assert_eq!(declared("get", "/api/v1/events"), [200, 401, 403, 404, 410, 422, 500, 503]);
        assert_eq!(
            declared("post", "/api/v1/tokens"),
            [201, 400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 500, 503]
        );
        let webhook = "/api/v1/integrations/{provider}/webhook";
        assert_eq!(declared("post", webhook), [200, 400, 401, 404, 408, 413, 500, 503]);
    }
}
