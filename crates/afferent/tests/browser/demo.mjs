// The demo, on free ports with a data folder of its own, and gone after the test.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const STOPS_WITHIN = 10_000;

/** Starts the demo, and gives what it says of itself once it serves. */
export async function startDemo(t, { flags = [], env = {} } = {}) {
  const data = await mkdtemp(join(tmpdir(), "afferent-browser-"));
  const log = [];
  const start = (ports) => launch([...ports, "--data", data, "--seed", "7", ...flags], env, log);
  let running;
  t.after(async () => {
    await running?.stop();
    await rm(data, { recursive: true, force: true });
  });
  running = await start(["--port", "0", "--sandbox-port", "0"]);
  const { said } = running;
  const ports = ["--port", new URL(said.url).port, "--sandbox-port", new URL(said.sandbox_url).port];
  return {
    ...said,
    log,
    stop: () => running.stop(),
    /** Starts it again where it was, with what it has kept. */
    startAgain: async () => (running = await start(ports)),
  };
}

async function launch(flags, env, log) {
  const child = spawn(process.env.AFFERENT, ["demo", "--json", ...flags], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  createInterface({ input: child.stderr }).on("line", (line) => log.push(line));
  const ended = once(child, "exit").then(([code, signal]) => ({ code, signal }));
  const stop = async () => {
    child.kill("SIGINT");
    const late = setTimeout(() => child.kill("SIGKILL"), STOPS_WITHIN);
    const end = await ended;
    clearTimeout(late);
    return end;
  };
  const said = once(createInterface({ input: child.stdout }), "line").then(([line]) => JSON.parse(line));
  const failed = ended.then(({ code }) => {
    throw new Error(`the demo ended with ${code}:\n${log.join("\n")}`);
  });
  failed.catch(() => {});
  return { said: await Promise.race([said, failed]), stop };
}

/** Makes trouble in the sandbox. */
export function makeTrouble(demo, order) {
  return control(demo, "/_control/faults", order);
}

/** The ring reaches its cloud, which sends webhooks at once; says what it brought. */
export function syncRing(demo) {
  const { account_id: account } = demo.providers.oura;
  return control(demo, `/_control/people/${account}/sync`, { delay_seconds: 0 });
}

async function control(demo, path, body) {
  const answer = await fetch(new URL(path, demo.sandbox_url), { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`the sandbox refuses: ${await answer.text()}`);
  return answer.json();
}

/** Asks the API as somebody. */
export function api(demo, path, { token = demo.api_token, body, headers = {}, ...options } = {}) {
  return fetch(new URL(path, demo.url), {
    method: body === undefined ? "GET" : "POST",
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
    ...options,
  });
}

/** The person's events after a position, with the position of the newest one. */
export async function events(demo, after) {
  const all = [];
  for (;;) {
    const page = await (await api(demo, `/api/v1/events?after=${after}&limit=1000`)).json();
    all.push(...page.events);
    after = page.next_after;
    if (after >= page.head) return { events: all, head: page.head };
  }
}
