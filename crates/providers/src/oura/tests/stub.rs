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
    /// The heads of the requests so far.
    heads: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    /// A server that gives these answers, each once.
    pub(super) fn answering(script: &'static [(u16, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        thread::spawn({
            let heads = heads.clone();
            move || script.iter().for_each(|(status, body)| answer(&listener, *status, body, &heads))
        });
        Self { api: api(base), heads }
    }

    /// The first line of each request so far.
    pub(super) fn asked(&self) -> Vec<String> {
        let first = |head: &String| head.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
        self.heads.lock().unwrap().iter().map(first).collect()
    }

    /// The first line and the headers of each request so far.
    pub(super) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn answer(listener: &TcpListener, status: u16, body: &str, heads: &Mutex<Vec<String>>) {
    let (mut stream, _) = listener.accept().unwrap();
    let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
    let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    heads.lock().unwrap().push(head.join("\n"));
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
