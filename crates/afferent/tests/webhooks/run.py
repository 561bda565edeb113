"""Receives a running demo's webhooks as an app would, with the specification's own library, and checks what comes.

AFFERENT names the program. The last line counts stories, as cargo counts tests.
"""

import contextlib
import http.server
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.request

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

STOPS_WITHIN = 10
COMES_WITHIN = 60


class Receiver:
    """An app's backend: keeps what is posted to it, and answers as it is told to."""

    def __init__(self):
        self.posts, self.status = [], 204
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.posts.append((dict(self.headers.items()), body))
                self.send_response(receiver.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def wait(self, enough):
        """Waits until enough has come, and takes it."""
        until = time.monotonic() + COMES_WITHIN
        while not enough(self.posts):
            assert time.monotonic() < until, f"only {len(self.posts)} came"
            time.sleep(0.05)
        posts, self.posts = self.posts, []
        return posts


@contextlib.contextmanager
def demo():
    """Serves the demo, connected, on free ports with a data folder of its own."""
    with tempfile.TemporaryDirectory(prefix="afferent-webhooks-") as data:
        flags = ["--json", "--connected", "--port", "0", "--sandbox-port", "0", "--seed", "7", "--data", data]
        server = subprocess.Popen([os.environ["AFFERENT"], "demo", *flags], stdout=subprocess.PIPE, text=True)
        try:
            yield json.loads(server.stdout.readline())
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                server.kill()


class App:
    """A program with a token."""

    def __init__(self, facts, token):
        self.url, self.token = facts["url"], facts[token]

    def ask(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def make(self, receiver, **wanted):
        return self.ask("POST", "/api/v1/webhooks", {"name": "Story", "url": receiver.url, **wanted})


def verified(secret, posts):
    """What the messages say, each verified by the library."""
    return [Webhook(secret).verify(body, headers) for headers, body in posts]


def story_of_a_person(facts):
    """Everything in a person's log comes once, in order and rightly signed, and is there when it is asked for."""
    app, receiver = App(facts, "api_token"), Receiver()
    head = app.ask("GET", "/api/v1/events?limit=1")["head"]
    made = app.make(receiver, after=0)
    messages = verified(made["secret"], receiver.wait(lambda posts: len(posts) >= head))
    assert [message["data"]["position"] for message in messages][:head] == list(range(1, head + 1))
    event = app.ask("GET", "/api/v1/events?limit=1")["events"][0]
    data = {name: value for name, value in messages[0]["data"].items() if name not in ("user_id", "external_id")}
    assert data == event and messages[0]["type"] == f"{event['kind']}.{event['type']}"
    path = f"/api/v1/webhooks/{made['id']}"
    assert app.ask("GET", path)["lag"] == 0
    app.ask("DELETE", path)


def story_of_a_new_secret(facts):
    """While a secret is changed for another, both verify; a stranger's never does."""
    app, receiver = App(facts, "api_token"), Receiver()
    made = app.make(receiver)
    path = f"/api/v1/webhooks/{made['id']}"
    rotated = app.ask("POST", f"{path}/rotate")
    tested = app.ask("POST", f"{path}/test")
    assert tested["delivered"] and tested["status"] == 204, tested
    posts = receiver.wait(lambda posts: posts)
    for secret in (made["secret"], rotated["secret"]):
        assert verified(secret, posts)[0]["type"] == "webhook.test"
    try:
        verified("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", posts)
    except WebhookVerificationError:
        pass
    else:
        raise AssertionError("a stranger's secret verifies")
    app.ask("DELETE", path)


def story_of_an_app(facts):
    """An app that embeds the server is told of its users, and of what it did not take again under the same id."""
    app, receiver = App(facts, "service_token"), Receiver()
    receiver.status = 500
    made = app.make(receiver)
    path = f"/api/v1/webhooks/{made['id']}"
    replayed = app.ask("POST", f"{path}/replay", {"after": 0, "user_id": facts["user_id"]})
    first = receiver.wait(lambda posts: posts)
    receiver.status = 200
    posts = receiver.wait(lambda posts: len(posts) >= replayed["lag"])
    assert posts[0][0]["webhook-id"] == first[0][0]["webhook-id"]
    messages = verified(made["secret"], posts)
    assert {message["data"]["user_id"] for message in messages} == {facts["user_id"]}
    app.ask("DELETE", path)


def main():
    stories = [story_of_a_person, story_of_a_new_secret, story_of_an_app]
    passed = 0
    with demo() as facts:
        for story in stories:
            try:
                story(facts)
                passed += 1
            except Exception:
                print(f"--- {story.__name__}: {story.__doc__}", flush=True)
                traceback.print_exc(file=sys.stdout)
    result = "ok" if passed == len(stories) else "FAILED"
    print(f"test result: {result}. {passed} passed; {len(stories) - passed} failed", flush=True)
    sys.exit(result != "ok")


if __name__ == "__main__":
    main()
