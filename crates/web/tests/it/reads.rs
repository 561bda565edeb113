//! What others read of a person is in the person's trail.

use model::{Action, Role, Scopes};

use crate::doors::{Doors, get};

#[tokio::test]
async fn every_look_of_an_app_is_noted() {
    let doors = Doors::open().await;
    let admin = doors.somebody("admin@example.org", Role::Admin).await;
    let paths = [
        ("/api/v1/integrations", Action::StatusRead),
        ("/api/v1/integrations/oura/status", Action::StatusRead),
        ("/api/v1/integrations/oura/auth", Action::StatusRead),
        ("/api/v1/sharing", Action::StatusRead),
        ("/api/v1/tokens", Action::StatusRead),
        ("/api/v1/jobs/01990000-0000-7000-8000-000000000000", Action::StatusRead),
        ("/api/v1/records", Action::RecordsRead),
        ("/api/v1/events", Action::EventsRead),
        ("/api/v1/context", Action::ContextRead),
        ("/api/v1/audit", Action::AuditRead),
    ];
    let app = doors.service_token(&admin, Scopes::all()).await;
    for (number, (path, action)) in paths.into_iter().enumerate() {
        let ada = doors.somebody(&format!("ada{number}@example.org"), Role::Member).await;
        doors.send(get(&format!("{path}?user_id={}", ada.id)).bearer(&app)).await;
        let wanted = engine_query(action);
        let noted = doors.house.engine.audit(ada.id, &wanted).await.unwrap();
        assert_eq!(noted.len(), 1, "{path}");
        assert_eq!(noted[0].actor, "token", "{path}");
    }
}

fn engine_query(action: Action) -> engine::AuditQuery {
    engine::AuditQuery { before: None, action: Some(action), limit: 10 }
}
