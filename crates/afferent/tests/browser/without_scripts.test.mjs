// Every page works where no script runs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newVisitor, press, signIn, startBrowser, until } from "./browser.mjs";
import { startDemo } from "./demo.mjs";

/** What would do nothing where no script runs. */
const FOR_SCRIPTS = "[data-copy], [data-watch], [data-stream]";
const PAGES = [
  "/",
  "/?days=90",
  "/events",
  "/events?sort=changes&kind=sleep&provider=oura",
  "/connections",
  "/connections/oura/connect",
  "/agents",
  "/agents/webhooks",
  "/audit",
  "/settings",
];
const PAGES_OF_AN_ADMINISTRATOR = ["/", "/server", "/server/deliveries?state=dead", "/server/subscriptions"];

test("every page works without scripts", async (t) => {
  const demo = await startDemo(t, { flags: ["--connected"] });
  const browser = await startBrowser(t);
  const { page, complaints } = await newVisitor(browser, { javaScriptEnabled: false });
  const open = (path) => page.goto(new URL(path, demo.url).href);
  const isWhole = async (path) => {
    const answer = await open(path);
    assert.equal(answer.status(), 200);
    assert.equal(await page.locator("h1").count(), 1);
    assert.match(await page.title(), /\S · Afferent$/);
    assert.equal(await page.locator("html").getAttribute("lang"), "en");
    assert.equal(await page.locator(FOR_SCRIPTS).filter({ visible: true }).count(), 0);
  };

  await t.test("an administrator signs in", () =>
    signIn(page, { url: demo.url, email: demo.admin_email, password: demo.admin_password }));
  for (const path of PAGES_OF_AN_ADMINISTRATOR) await t.test(path, () => isWhole(path));
  await t.test("and signs out", async () => {
    await press(page.locator(".account summary"));
    await press(page.getByRole("button", { name: "Sign out" }));
  });

  await t.test("sign-in", () => signIn(page, demo));
  for (const path of PAGES) await t.test(path, () => isWhole(path));

  await t.test("progress is a link away", async () => {
    await until("the backfill to end", async () => {
      await open("/connections");
      if ((await page.locator(".progress").count()) === 0) return true;
      await page.getByRole("link", { name: "Refresh" }).click();
      return false;
    });
    await page.getByText(/, synced /).waitFor();
  });

  await t.test("the dashboard has its charts and the context", async () => {
    await open("/");
    assert.ok((await page.locator("svg.chart").count()) >= 4);
    assert.match(await page.locator("#context").innerText(), /Sleep Score/);
  });

  await t.test("switches are saved with a button", async () => {
    await open("/connections");
    await page.locator('form.sharing input[name="everything"]').uncheck();
    await page.locator("form.sharing").getByRole("button", { name: "Save" }).click();
    await open("/");
    assert.equal(await page.locator("#context").count(), 0);
  });

  await t.test("a wrong password is told plainly", async () => {
    const { page } = await newVisitor(browser, { javaScriptEnabled: false });
    await page.goto(demo.url);
    await page.getByLabel("E-mail address").fill(demo.email);
    await page.getByLabel("Password").fill("not the password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("do not fit together").waitFor();
  });

  await t.test("no page complained", () => assert.deepEqual(complaints, []));
});
