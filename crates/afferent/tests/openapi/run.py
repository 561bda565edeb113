"""Compares the description of the API with what a running demo answers, as its person and as an embedding app.

AFFERENT names the program, REPORTS a folder for what is found. The last line counts operations, as cargo counts tests.
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
import urllib.request
import xml.etree.ElementTree
from pathlib import Path

HERE = Path(__file__).parent
STOPS_WITHIN = 10
COMES_WITHIN = 60

# Reading first, while there is something to read. Ending last, because nothing is there afterwards.
ENDING = [
    "delete_webhook",
    "end_subscription",
    "revoke_token",
    "disconnect_integration",
    "disconnect_integration_by_post",
]
RUNS = {
    "reading": ["--include-method", "GET"],
    "writing": ["--exclude-method", "GET", *(word for name in ENDING for word in ("--exclude-operation-id", name))],
    "ending": [word for name in ENDING for word in ("--include-operation-id", name)],
}


@contextlib.contextmanager
def demo():
    """Serves the demo, connected, on free ports with a data folder of its own."""
    with tempfile.TemporaryDirectory(prefix="afferent-openapi-") as data:
        flags = ["--json", "--connected", "--every", "0", "--port", "0", "--sandbox-port", "0", "--seed", "7", "--data", data]
        server = subprocess.Popen([os.environ["AFFERENT"], "demo", *flags], stdout=subprocess.PIPE, text=True)
        try:
            yield json.loads(server.stdout.readline())
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                server.kill()


@contextlib.contextmanager
def receiver():
    """Somewhere that takes webhooks."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()


def ask(url, token, body=None):
    """Asks as somebody."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, body and json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def wait(what, look):
    """Looks until there is something."""
    until = time.monotonic() + COMES_WITHIN
    while not (found := look()):
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.1)
    return found


def things(facts, caller, address):
    """What is there to be asked for: of everything one, the caller's own where it is somebody's."""
    api = facts["url"] + "/api/v1"
    person, app, token = facts["api_token"], facts["service_token"], facts[caller]
    integration = ask(f"{api}/integrations", person)["integrations"][0]
    account = facts["providers"][integration["provider"]]["account_id"]
    listed = lambda what: lambda: ask(f"{api}/{what}", app)[what]
    subscription = wait("a subscription", listed("subscriptions"))[0]
    ask(f"{facts['sandbox_url']}/_control/people/{account}/sync", "", {"delay_seconds": 0})
    return {
        "PROVIDER": integration["provider"],
        "RECORD": ask(f"{api}/records?limit=1", person)["records"][0]["id"],
        "JOB": integration["syncs"][0]["job_id"],
        "GIVEN": ask(f"{api}/tokens", person, {"name": "Spare", "scopes": ["context:read"]})["id"],
        "DELIVERY": wait("a delivery", listed("deliveries"))[0]["id"],
        "SUBSCRIPTION": subscription["id"],
        "WEBHOOK": ask(f"{api}/webhooks", token, {"name": "Spare", "url": address})["id"],
    }


def compare(facts, name, choice, caller):
    """Runs Schemathesis on some operations, and gives how many hold and how many do not."""
    report = Path(os.environ["REPORTS"], f"{name}.xml").resolve()
    report.unlink(missing_ok=True)
    program = [Path(sys.executable).with_name("st"), "--config-file", HERE / "schemathesis.toml", "run"]
    target = [facts["url"] + "/openapi.json", "--report-junit-path", report]
    subprocess.run([*program, *target, *choice], env=os.environ | caller, cwd=report.parent, check=False)
    suites = xml.etree.ElementTree.parse(report).getroot()
    failed = int(suites.get("failures")) + int(suites.get("errors"))
    return int(suites.get("tests")) - failed, failed


def main():
    passed = failed = 0
    Path(os.environ["REPORTS"]).mkdir(parents=True, exist_ok=True)
    for caller, token in [("person", "api_token"), ("app", "service_token")]:
        with demo() as facts, receiver() as address:
            environment = things(facts, token, address) | {"TOKEN": facts[token], "USER_ID": facts["user_id"]}
            for run, choice in RUNS.items():
                print(f"\n--- {caller}: {run}", flush=True)
                good, bad = compare(facts, f"{caller}-{run}", choice, environment)
                passed, failed = passed + good, failed + bad
    result = "ok" if failed == 0 < passed else "FAILED"
    print(f"\ntest result: {result}. {passed} passed; {failed} failed", flush=True)
    sys.exit(result != "ok")


if __name__ == "__main__":
    main()
