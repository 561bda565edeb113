// The ring syncs, and pages that are open change without a reload, even when the server was away meanwhile.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newVisitor, picture, press, signIn, startBrowser, until } from "./browser.mjs";
import { events, startDemo, syncRing } from "./demo.mjs";

/** Notes the positions that a page hears of, in every page that it opens. */
function overhear() {
  const Source = window.EventSource;
  window.heard = [];
  window.EventSource = class extends Source {
    constructor(...rest) {
      super(...rest);
      for (const name of ["added", "revised", "removed"])
        this.addEventListener(name, (event) => window.heard.push(Number(event.lastEventId)));
    }
  };
}

/** Lets a page that asks by the clock, now and then, find nobody: what moves, a stream has moved. */
function beDrivenByStreams() {
  const nobody = async () => new Response("", { status: 503 });
  const alone = (work) => () => {
    const { fetch } = window;
    window.fetch = nobody;
    try {
      work();
    } finally {
      window.fetch = fetch;
    }
  };
  for (const name of ["setTimeout", "setInterval"]) {
    const begin = window[name];
    window[name] = (work, wait, ...rest) => begin(wait >= 15000 ? alone(work) : work, wait, ...rest);
  }
}

/** Whether a page has asked for itself again. */
function looked() {
  const asked = performance.getEntriesByType("resource").filter(({ initiatorType }) => initiatorType === "fetch");
  return asked.some(({ name }) => name === location.href);
}

test("an open dashboard follows the ring", async (t) => {
  const demo = await startDemo(t, { flags: ["--every", "0"] });
  const browser = await startBrowser(t);
  const { context, page, complaints } = await newVisitor(browser, { viewport: { width: 1440, height: 900 } });
  await context.addInitScript(overhear);
  await context.addInitScript(beDrivenByStreams);
  const says = (words) => page.locator("[data-stream]", { hasText: words }).waitFor();
  // It has looked once more since it opened, as it does then: whatever moves from now on has another cause.
  const settles = () => until("the page to settle", () => page.evaluate(looked));
  const lines = () => page.locator("#events li").allInnerTexts();
  const charts = () => page.locator("#charts table").allTextContents();
  let head;

  await t.test("signs in, and connects", async () => {
    await signIn(page, demo);
    await page.goto(new URL("/connections/oura/connect", demo.url).href);
    await press(page.getByRole("button", { name: "Continue to Oura" }));
    await press(page.getByRole("button", { name: "Allow" }));
    await page.getByText(/, synced /).waitFor();
    await until("the backfill to end", async () => (await page.locator(".progress").count()) === 0);
  });

  await t.test("the dashboard is live", async () => {
    await press(page.getByRole("link", { name: "Dashboard" }));
    await says("Live");
    await settles();
    ({ head } = await events(demo, 0));
    await page.evaluate(() => (window.opened = "once"));
  });

  await t.test("the ring syncs: the list, the charts and the figures move", async () => {
    const [listed, drawn] = [await lines(), await charts()];
    const told = await syncRing(demo);
    assert.ok(told.revised.length > 0 && told.webhooks > 0, `the ring brought nothing: ${JSON.stringify(told)}`);
    await until("the list to move", async () => (await lines())[0] !== listed[0]);
    await until("a chart to move", async () => String(await charts()) !== String(drawn));
    const latest = (await lines()).join("\n");
    assert.match(latest, /revised/);
    assert.match(latest, /Oura told of .*\n?applied in \d+ ms/);
    assert.equal(await page.evaluate(() => window.opened), "once", "the page was loaded again");
    await picture(page, "dashboard-live");
  });

  await t.test("the server goes away, and the page says so", async () => {
    assert.deepEqual(await demo.stop(), { code: 0, signal: null });
    await says("Connecting again …");
  });

  await t.test("the server comes back, and the page goes on by itself", async () => {
    await demo.startAgain();
    await says("Live");
    const listed = await lines();
    // The sandbox has forgotten who listens, and how often the ring was asked: what it brings is new after a while.
    const { head: before } = await events(demo, 0);
    await until("the ring to bring something new", async () => {
      await syncRing(demo);
      return (await events(demo, 0)).head > before;
    });
    await until("the list to move", async () => (await lines())[0] !== listed[0]);
    assert.equal(await page.evaluate(() => window.opened), "once", "the page was loaded again");
  });

  await t.test("no event was lost, and none came twice", async () => {
    const { events: all } = await events(demo, head);
    const positions = all.map((event) => event.position);
    const heard = () => page.evaluate(() => window.heard);
    await until("the last event", async () => (await heard()).includes(positions.at(-1)));
    assert.deepEqual((await heard()).slice(0, positions.length), positions);
  });

  await t.test("nothing was wrong but that nobody answered", () => {
    assert.deepEqual(complaints.filter((it) => !/api\/v1\/events\/stream.*(ERR_|status of 50)/.test(it)), []);
    complaints.length = 0;
  });

  await t.test("the timeline is live, too", async () => {
    await press(page.getByRole("link", { name: "Events", exact: true }));
    await says("Live");
    await settles();
    await page.evaluate(() => (window.opened = "once"));
    const first = () => page.locator("#timeline li").first().innerText();
    const was = await first();
    await syncRing(demo);
    await until("the timeline to move", async () => (await first()) !== was);
    assert.equal(await page.evaluate(() => window.opened), "once", "the page was loaded again");
    await picture(page, "events");
  });

  await t.test("the timeline shows what one asks for", async () => {
    const shown = async (choices) => {
      for (const [label, option] of Object.entries(choices)) await page.getByLabel(label).selectOption(option);
      await Promise.all([page.waitForURL(/sort=/), press(page.getByRole("button", { name: "Filter" }))]);
      await says("Live");
      return page.locator("#timeline li > :nth-child(2)").allInnerTexts();
    };
    const every = (texts, words) => assert.ok(texts.length > 0 && texts.every((text) => words.test(text)), `${texts}`);
    every(await shown({ Show: "changes", Kind: "sleep" }), /^Sleep periods (added|revised)$/);
    assert.equal(await page.getByLabel("Kind").inputValue(), "sleep");
    every(await shown({ Show: "notices", Kind: "", From: "oura" }), /^Oura told of /);
    every(await shown({ Show: "syncs", From: "" }), /sync/);
  });

  await t.test("no page complained", () => assert.deepEqual(complaints, []));
});
