//! Whose context is put into a chat: the last person's who spoke, and nobody's when that is not clear.

use model::{Role, Scopes, Secret};
use serde_json::{Value, json};

use crate::doors::{Doors, post};

async fn injected(doors: &Doors, token: &Secret, query: &str, messages: Value) -> bool {
    let chat = json!({ "messages": messages });
    let answer = doors.send(post(&format!("/api/v1/context/inject{query}")).bearer(token).json(&chat)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let injected = answer.header("x-context-injected") == "true";
    assert_eq!(injected, answer.has("Sleep Score"), "{answer:?}");
    assert!(injected || answer.json() == chat, "what nothing is put into stays as it was: {answer:?}");
    injected
}

#[tokio::test]
async fn nobody_is_told_of_without_somebody_who_speaks() {
    let doors = Doors::open().await;
    let ada = doors.somebody("ada@example.org", Role::Admin).await;
    doors.house.connect(ada.id).await.unwrap();
    doors.work().await;
    let token = doors.token(&ada, Scopes::personal()).await;
    let service = doors.service_token(&ada, Scopes::all()).await;
    let named = format!("?user_id={}", ada.id);
    let silent = [
        json!([]),
        json!([{ "role": "system", "content": "Be kind." }]),
        json!([{ "role": "assistant", "content": "Hello." }]),
    ];
    for messages in silent {
        assert!(!injected(&doors, &token, "", messages.clone()).await, "{messages}");
        assert!(!injected(&doors, &service, &named, messages.clone()).await, "{messages}");
    }
    let asks = json!([{ "role": "user", "content": "How did I sleep?" }]);
    assert!(injected(&doors, &token, "", asks.clone()).await);
    assert!(injected(&doors, &service, &named, asks.clone()).await);
    assert!(!injected(&doors, &service, "", asks).await, "a service token must say whom it means");
}

#[tokio::test]
async fn where_others_are_named_the_nameless_one_may_be_anybody() {
    let doors = Doors::open().await;
    let ada = doors.somebody("ada@example.org", Role::Member).await;
    doors.house.connect(ada.id).await.unwrap();
    doors.work().await;
    let token = doors.token(&ada, Scopes::personal()).await;
    let said = |user: &str| json!({ "role": "user", "content": "Hi.", "user_id": user });
    let nameless = json!({ "role": "user", "content": "How did I sleep?" });
    let own = said(&ada.id.to_string());
    assert!(injected(&doors, &token, "", json!([own, nameless])).await);
    assert!(!injected(&doors, &token, "", json!([said("robin"), nameless])).await);
    assert!(!injected(&doors, &token, "", json!([own, said("robin"), nameless])).await);
    let assistant = json!({ "role": "assistant", "content": "Hello.", "user_id": "robin" });
    assert!(!injected(&doors, &token, "", json!([assistant, nameless])).await);
    assert!(injected(&doors, &token, "", json!([said("robin"), own])).await, "who is named last is who is meant");
}
