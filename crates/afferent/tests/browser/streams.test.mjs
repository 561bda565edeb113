// Other people's clients follow the events: the EventSource that browsers have, and a WebSocket.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { EventSource } from "eventsource";
import { WebSocket } from "ws";
import { until } from "./browser.mjs";
import { api, events, startDemo, syncRing } from "./demo.mjs";

/** What a client of server-sent events hears; it comes back by itself with the last id. */
function listen(t, demo, path) {
  const heard = [];
  const withToken = (url, init) =>
    fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${demo.api_token}` } });
  const source = new EventSource(new URL(path, demo.url), { fetch: withToken });
  for (const type of ["added", "revised", "removed"])
    source.addEventListener(type, (event) => heard.push({ id: event.lastEventId, type, event: JSON.parse(event.data) }));
  t.after(() => source.close());
  return { heard, source };
}

/** What a client of WebSockets hears, and where it is then. */
function connect(t, demo, path, protocols, options) {
  const url = new URL(path, demo.url);
  url.protocol = "ws:";
  const socket = new WebSocket(url, protocols, options);
  const heard = [];
  socket.on("message", (data, binary) => heard.push(binary ? assert.fail("bytes") : JSON.parse(data.toString())));
  socket.on("error", () => {});
  t.after(() => socket.terminate());
  return { heard, socket };
}

test("other people's clients follow the events", async (t) => {
  const demo = await startDemo(t, { flags: ["--connected", "--every", "0"] });
  const { head } = await events(demo, 0);
  const bearer = { headers: { authorization: `Bearer ${demo.api_token}` } };
  const news = async () => {
    const { head: before } = await events(demo, 0);
    await until("the ring to bring something new", async () => {
      await syncRing(demo);
      return (await events(demo, 0)).head > before;
    });
  };
  let sse;

  await t.test("server-sent events begin where one was", async () => {
    sse = listen(t, demo, `/api/v1/events/stream?after=${head - 2}`);
    await until("two events", () => sse.heard.length === 2);
    const { events: expected } = await events(demo, head - 2);
    assert.deepEqual(sse.heard.map(({ event }) => event), expected);
    for (const { id, type, event } of sse.heard) assert.deepEqual([id, type], [String(event.position), event.type]);
  });

  await t.test("a WebSocket says the same, with the token in a header", async () => {
    const { heard, socket } = connect(t, demo, `/ws/events?after=${head - 2}`, [], bearer);
    await until("two events", () => heard.filter(({ type }) => type === "event").length === 2);
    assert.deepEqual(heard[0], { type: "cursor", position: head - 2 });
    const said = heard.slice(1).map(({ event }) => event);
    assert.deepEqual(said, sse.heard.slice(0, 2).map(({ event }) => event));
    socket.close();
    await once(socket, "close");
  });

  await t.test("or among the protocols, as browsers must, which is not repeated", async () => {
    const { socket } = connect(t, demo, "/ws/events", ["afferent.events", `bearer.${demo.api_token}`]);
    await once(socket, "open");
    assert.equal(socket.protocol, "afferent.events");
  });

  await t.test("a stranger gets neither", async () => {
    assert.equal((await fetch(new URL("/api/v1/events/stream", demo.url))).status, 401);
    const { socket } = connect(t, demo, "/ws/events", ["afferent.events", "bearer.wrong"]);
    const [, answer] = await once(socket, "unexpected-response");
    assert.equal(answer.statusCode, 401);
  });

  await t.test("a filter lets the cursor pass what it leaves out", async () => {
    const { heard } = connect(t, demo, `/ws/events?after=${head}&kinds=activity`, [], bearer);
    await news();
    const { events: all, head: now } = await events(demo, head);
    const position = ({ position, event }) => position ?? event.position;
    await until("the newest position", () => heard.some((it) => position(it) >= now));
    const wanted = all.filter((event) => event.kind === "activity" && event.position <= now);
    const said = heard.filter(({ type }) => type === "event").map(({ event }) => event);
    assert.deepEqual(said.slice(0, wanted.length), wanted);
    assert.ok(said.every((event) => event.kind === "activity"));
  });

  await t.test("the server stops: the socket is told, and both come back to every event once", async () => {
    const { socket } = connect(t, demo, "/ws/events", [], bearer);
    await once(socket, "open");
    const closed = once(socket, "close");
    await demo.stop();
    assert.equal((await closed)[0], 1001);
    await demo.startAgain();
    await news();
    const { events: all, head: now } = await events(demo, head - 2);
    await until("the newest event", () => sse.heard.some(({ event }) => event.position >= now));
    const again = connect(t, demo, `/ws/events?after=${head - 2}`, [], bearer);
    const said = () => again.heard.filter(({ type }) => type === "event").map(({ event }) => event);
    await until("the newest event", () => said().length >= all.length);
    assert.deepEqual(sse.heard.map(({ event }) => event).slice(0, all.length), all);
    assert.deepEqual(said().slice(0, all.length), all);
  });

  await t.test("a token that is revoked ends both", async () => {
    const body = { name: "Reader", scopes: ["records:read"] };
    const made = await (await api(demo, "/api/v1/tokens", { body })).json();
    const theirs = { ...demo, api_token: made.secret };
    const { socket } = connect(t, demo, "/ws/events", ["afferent.events", `bearer.${made.secret}`]);
    const { source } = listen(t, theirs, "/api/v1/events/stream");
    await Promise.all([once(socket, "open"), new Promise((open) => source.addEventListener("open", open))]);
    const [closed, failed] = [once(socket, "close"), new Promise((fail) => source.addEventListener("error", fail))];
    await api(demo, `/api/v1/tokens/${made.id}`, { method: "DELETE" });
    await news();
    assert.equal((await closed)[0], 1008);
    await failed;
    await until("the source to give up", () => source.readyState === EventSource.CLOSED);
  });
});
