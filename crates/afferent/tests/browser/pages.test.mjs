// Every page fits a phone, a tablet and a wide screen, by day and by night.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newVisitor, picture, signIn, startBrowser, until } from "./browser.mjs";
import { api, events, startDemo, syncRing } from "./demo.mjs";

const WIDTHS = [360, 768, 1440];
const PAGES = {
  dashboard: "/",
  events: "/events",
  connections: "/connections",
  disclosure: "/connections/oura/connect",
  agents: "/agents",
  webhooks: "/agents/webhooks",
  audit: "/audit",
  settings: "/settings",
};
const PAGES_OF_AN_ADMINISTRATOR = {
  nothing: "/",
  server: "/server",
  deliveries: "/server/deliveries",
  subscriptions: "/server/subscriptions",
};

/** Gives the pages something to show: a webhook that is not taken, and what the ring brings. */
async function live(demo) {
  const body = { name: "Home automation", url: `${demo.url}/health`, after: 0 };
  await api(demo, "/api/v1/webhooks", { body });
  const { head } = await events(demo, 0);
  await syncRing(demo);
  await until("the ring's news", async () => (await events(demo, 0)).head > head);
}

test("every page fits every screen", async (t) => {
  const demo = await startDemo(t, { flags: ["--connected", "--every", "0"] });
  await live(demo);
  const browser = await startBrowser(t);
  const administrator = { url: demo.url, email: demo.admin_email, password: demo.admin_password };
  for (const [who, pages] of [
    [demo, PAGES],
    [administrator, PAGES_OF_AN_ADMINISTRATOR],
  ]) {
    const { page, complaints } = await newVisitor(browser);
    await signIn(page, who);
    for (const [name, path] of Object.entries(pages)) {
      await t.test(name, async () => {
        await page.goto(new URL(path, demo.url).href);
        await page.evaluate(() => document.querySelectorAll("main details").forEach((it) => (it.open = true)));
        for (const width of WIDTHS) await fits(page, name, width);
      });
    }
    await t.test("no page complained", () => assert.deepEqual(complaints, []));
  }
});

async function fits(page, name, width) {
  await page.setViewportSize({ width, height: 900 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= width, `${name} is ${wide} pixels wide on a screen of ${width}`);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await picture(page, `${name}-${width}-${colorScheme}`);
  }
}
