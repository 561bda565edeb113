//! Answers requests in the order of a script, and keeps what was asked.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use jiff::Timestamp;
use model::{Clock, Secret};
use outbound::{Client, Guard, Unlimited};
use url::Url;

use super::Oura;
use crate::{Api, Application, Provider};

pub(super) struct Stub {
    pub(super) api: Api,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    /// A server that gives these answers, each once.
    pub(super) fn answering(script: &'static [(u16, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        thread::spawn({
            let asked = asked.clone();
            move || script.iter().for_each(|(status, body)| answer(&listener, *status, body, &asked))
        });
        Self { api: api(base), asked }
    }

    /// The first line of each request so far.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(listener: &TcpListener, status: u16, body: &str, asked: &Mutex<Vec<String>>) {
    let (mut stream, _) = listener.accept().unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    asked.lock().unwrap().push(first.trim_end_matches(" HTTP/1.1").to_owned());
    assert!(lines.any(|line| line.is_empty()), "the head ends with an empty line");
    let length = body.len();
    write!(stream, "HTTP/1.1 {status} x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").unwrap();
}

fn api(base: Url) -> Api {
    let oura = Oura::new();
    let redirect = Url::parse("https://us.example/callback").unwrap();
    let mut application = Application::new(oura.manifest(), "app".into(), Secret::new("s"), redirect);
    application.revoke_url = Some(base.join("/oauth/revoke").unwrap());
    application.api_url = base.clone();
    Api {
        provider: Arc::new(oura),
        application: Arc::new(application),
        http: Client::new(Guard::trusting([&base]), Duration::from_secs(30)).unwrap(),
        budget: Arc::new(Unlimited),
        clock: Clock::stopped_at(Timestamp::UNIX_EPOCH),
        access: Some(Secret::new("token-1")),
    }
}
