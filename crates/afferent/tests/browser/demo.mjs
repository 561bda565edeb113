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
  const arguments_ = ["demo", "--json", "--port", "0", "--sandbox-port", "0", "--data", data, "--seed", "7", ...flags];
  const child = spawn(process.env.AFFERENT, arguments_, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const log = [];
  createInterface({ input: child.stderr }).on("line", (line) => log.push(line));
  const ended = once(child, "exit").then(([code, signal]) => ({ code, signal }));
  const stop = async () => {
    child.kill("SIGINT");
    const late = setTimeout(() => child.kill("SIGKILL"), STOPS_WITHIN);
    const end = await ended;
    clearTimeout(late);
    return end;
  };
  t.after(async () => {
    await stop();
    await rm(data, { recursive: true, force: true });
  });
  const said = once(createInterface({ input: child.stdout }), "line").then(([line]) => JSON.parse(line));
  const failed = ended.then(({ code }) => {
    throw new Error(`the demo ended with ${code}:\n${log.join("\n")}`);
  });
  failed.catch(() => {});
  return { ...(await Promise.race([said, failed])), stop, log };
}

/** Makes trouble in the sandbox. */
export async function makeTrouble(demo, order) {
  const answer = await fetch(new URL("/_control/faults", demo.sandbox_url), {
    method: "POST",
    body: JSON.stringify(order),
  });
  if (!answer.ok) throw new Error(`the sandbox refuses: ${await answer.text()}`);
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
