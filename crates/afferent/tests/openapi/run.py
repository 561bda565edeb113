"""Compares the description of the API with what a running demo answers, as its person and as an embedding app.

AFFERENT names the program, REPORTS a folder for what is found. The last line counts operations, as cargo counts tests.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
import xml.etree.ElementTree
from pathlib import Path

HERE = Path(__file__).parent
STOPS_WITHIN = 10

# Reading first, while there is something to read. Leaving last, because nothing is there afterwards.
LEAVING = ["disconnect_integration", "disconnect_integration_by_post"]
RUNS = {
    "reading": ["--include-method", "GET"],
    "writing": ["--exclude-method", "GET", *(word for name in LEAVING for word in ("--exclude-operation-id", name))],
    "leaving": [word for name in LEAVING for word in ("--include-operation-id", name)],
}


@contextlib.contextmanager
def demo():
    """Serves the demo, connected, on free ports with a data folder of its own."""
    with tempfile.TemporaryDirectory(prefix="afferent-openapi-") as data:
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


def ask(facts, path, body=None):
    """Asks the API as the demo's person."""
    headers = {"Authorization": f"Bearer {facts['api_token']}", "Content-Type": "application/json"}
    request = urllib.request.Request(facts["url"] + path, body and json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def things(facts):
    """What is there to be asked for: a provider, a record, a job, a token that nobody uses."""
    integration = ask(facts, "/api/v1/integrations")["integrations"][0]
    given = ask(facts, "/api/v1/tokens", {"name": "Spare", "scopes": ["context:read"]})
    return {
        "PROVIDER": integration["provider"],
        "RECORD": ask(facts, "/api/v1/records?limit=1")["records"][0]["id"],
        "JOB": integration["syncs"][0]["job_id"],
        "GIVEN": given["id"],
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
        with demo() as facts:
            environment = things(facts) | {"TOKEN": facts[token], "USER_ID": facts["user_id"]}
            for run, choice in RUNS.items():
                print(f"\n--- {caller}: {run}", flush=True)
                good, bad = compare(facts, f"{caller}-{run}", choice, environment)
                passed, failed = passed + good, failed + bad
    result = "ok" if failed == 0 < passed else "FAILED"
    print(f"\ntest result: {result}. {passed} passed; {failed} failed", flush=True)
    sys.exit(result != "ok")


if __name__ == "__main__":
    main()
