//! HTTP/1.1 over one connection that is kept, with as little work as will do: what the load costs is not the server's.

use std::{fmt::Write as _, net::SocketAddr};

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A connection.
pub(crate) struct Wire {
    address: SocketAddr,
    stream: TcpStream,
    answer: Vec<u8>,
    head: usize,
}

impl Wire {
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { address, stream, answer: Vec::with_capacity(16 * 1024), head: 0 })
    }

    /// Sends a request, reads all of its answer, and says its status.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> anyhow::Result<u16> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        self.head = loop {
            self.more().await?;
            if let Some(end) = find(&self.answer, b"\r\n\r\n") {
                break end + 4;
            }
        };
        let length = match self.header("content-length") {
            Some(length) => length.parse::<usize>().context("content-length")?,
            None if self.header("transfer-encoding").is_some() => bail!("an answer without a length"),
            None => 0,
        };
        while self.answer.len() < self.head + length {
            self.more().await?;
        }
        let status = self.answer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
        status.and_then(|digits| digits.parse().ok()).context("an answer without a status")
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        ensure!(self.stream.read_buf(&mut self.answer).await? > 0, "the connection was closed");
        Ok(())
    }

    /// A header of the last answer, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let head = std::str::from_utf8(self.answer.get(..self.head)?).ok()?;
        let lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The body of the last answer.
    pub(crate) fn body(&self) -> &[u8] {
        self.answer.get(self.head..).unwrap_or_default()
    }

    /// Asks with a token, and reads JSON from an answer that must be good.
    pub(crate) async fn call(&mut self, method: &str, path: &str, token: &str, body: &str) -> anyhow::Result<Value> {
        let authorization = format!("authorization: Bearer {token}\r\naccept: application/json\r\n");
        let kind = match body.as_bytes().first() {
            None => "",
            Some(b'{') => JSON,
            Some(_) => FORM,
        };
        let status = self.ask(&request(method, path, self.address, &format!("{authorization}{kind}"), body)).await?;
        ensure!(status < 400, "{method} {path} answers {status}: {}", String::from_utf8_lossy(self.body()));
        Ok(serde_json::from_slice(self.body()).unwrap_or_default())
    }
}

const JSON: &str = "content-type: application/json\r\n";
const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";

/// A request as bytes.
pub(crate) fn request(method: &str, path: &str, host: SocketAddr, headers: &str, body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n{headers}");
    if !body.is_empty() || method != "GET" {
        let _ = write!(text, "content-length: {}\r\n", body.len());
    }
    let _ = write!(text, "\r\n{body}");
    text.into_bytes()
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// Says something in pieces to whoever comes.
    async fn saying(pieces: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 1024];
            for piece in pieces {
                let _ = stream.read(&mut asked).await;
                stream.write_all(piece.as_bytes()).await.unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn an_answer_is_read_to_its_end_and_no_further() {
        let address =
            saying(&["HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\n{\"a\"", "HTTP/1.1 204 No Content\r\n\r\n"])
                .await;
        let mut wire = Wire::open(address).await.unwrap();
        assert_eq!(wire.ask(b"GET").await.unwrap(), 201);
        assert_eq!(wire.body(), b"{\"a\"");
        assert_eq!(wire.ask(b"GET").await.unwrap(), 204);
        assert_eq!(wire.header("content-length"), None);
    }

    #[tokio::test]
    async fn a_connection_that_ends_is_told() {
        let address = saying(&["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort"]).await;
        let mut wire = Wire::open(address).await.unwrap();
        assert!(wire.ask(b"GET").await.unwrap_err().to_string().contains("closed"));
    }

    #[test]
    fn a_request_says_how_long_its_body_is() {
        let host = SocketAddr::from(([127, 0, 0, 1], 80));
        let text = String::from_utf8(request("POST", "/a", host, "x: y\r\n", "{}")).unwrap();
        assert_eq!(text, "POST /a HTTP/1.1\r\nhost: 127.0.0.1:80\r\nx: y\r\ncontent-length: 2\r\n\r\n{}");
    }
}
