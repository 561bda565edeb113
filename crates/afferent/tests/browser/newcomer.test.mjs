// The newcomer's story: from the sign-in to what an agent is told, and back to nothing connected.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newVisitor, picture, press, signIn, startBrowser, until } from "./browser.mjs";
import { api, makeTrouble, startDemo } from "./demo.mjs";

test("a newcomer connects a ring, reads what an agent is told, and leaves", async (t) => {
  const demo = await startDemo(t);
  const browser = await startBrowser(t);
  const { context, page, complaints } = await newVisitor(browser, { viewport: { width: 1440, height: 900 } });

  await t.test("signs in with the keyboard", async () => {
    await signIn(page, demo);
    await page.getByRole("heading", { name: "Nothing is connected yet" }).waitFor();
    const cookies = await context.cookies(demo.url);
    // Without TLS, as here at home, it goes without the prefix that would need it.
    const session = cookies.find((cookie) => cookie.name === "afferent_session");
    assert.ok(session?.httpOnly && session.path === "/");
    assert.equal(session.sameSite, "Lax");
  });

  await t.test("skips to the content", async () => {
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    assert.equal(new URL(page.url()).hash, "#content");
  });

  await t.test("reads what will be collected, and leaves one kind out", async () => {
    await press(page.getByRole("link", { name: "Connect a provider" }));
    await page.getByText("Not connected", { exact: true }).waitFor();
    await press(page.getByRole("link", { name: "Connect Oura" }));
    await page.getByRole("heading", { name: "Connect Oura" }).waitFor();
    await page.getByText("Your Oura password is never seen").waitFor();
    const oxygen = page.getByRole("checkbox", { name: "blood oxygen" });
    await oxygen.focus();
    await page.keyboard.press("Space");
    assert.equal(await oxygen.isChecked(), false);
    await picture(page, "disclosure");
  });

  await t.test("allows it at the provider", async () => {
    // Slow enough that progress can be seen.
    await makeTrouble(demo, { provider: "oura", kind: "slow", times: 6, seconds: 1, path: "/v2/usercollection" });
    await press(page.getByRole("button", { name: "Continue to Oura" }));
    await page.getByRole("heading", { name: "Connect your Oura account" }).waitFor();
    assert.equal(new URL(page.url()).origin, new URL(demo.sandbox_url).origin);
    await press(page.getByRole("button", { name: "Allow" }));
    await page.waitForURL((url) => url.origin === new URL(demo.url).origin);
    await page.getByRole("heading", { name: "Connections" }).waitFor();
    await page.getByText("Connected as").waitFor();
  });

  await t.test("watches the last days arrive", async () => {
    const bar = page.locator(".progress progress");
    const seen = new Set([await bar.getAttribute("value")]);
    await picture(page, "progress");
    await until("the backfill to end", async () => {
      const value = await bar.getAttribute("value", { timeout: 1000 }).catch(() => null);
      if (value !== null) seen.add(value);
      return (await bar.count()) === 0;
    });
    assert.ok(seen.size > 1, `the progress never moved: ${[...seen]}`);
    await page.getByText(/, synced /).waitFor();
    await picture(page, "connections");
  });

  await t.test("sees the days on the dashboard", async () => {
    await press(page.getByRole("link", { name: "Dashboard" }));
    await page.locator("#figures").waitFor();
    const values = await page.locator("#figures .big").allInnerTexts();
    assert.ok(values.some((value) => /\d/.test(value)), `no figure has a value: ${values}`);
    assert.ok((await page.locator("svg.chart").count()) >= 4, "charts are missing");
    assert.match(await page.locator("#context").innerText(), /Sleep Score\*\*: \d+\/100/);
    await picture(page, "dashboard");
  });

  await t.test("reads a chart with the arrow keys", async () => {
    const figure = page.locator("figure", { has: page.locator("svg.chart") }).first();
    await figure.locator("svg.chart").focus();
    const last = await figure.locator(".reading").innerText();
    await page.keyboard.press("ArrowLeft");
    assert.notEqual(await figure.locator(".reading").innerText(), last);
  });

  await t.test("looks at a week, a month and a quarter", async () => {
    for (const days of ["7", "90", "30"]) {
      await press(page.locator("nav.ranges").getByRole("link", { name: `${days} days` }));
      await page.locator('nav.ranges [aria-current="true"]', { hasText: days }).waitFor();
    }
  });

  await t.test("sees the dashboard on a phone, and in the dark", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.emulateMedia({ colorScheme: "dark" });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 360, `the page is ${wide} pixels wide on a phone of 360`);
    await picture(page, "dashboard-phone-dark");
    await page.setViewportSize({ width: 1440, height: 900 });
    await picture(page, "dashboard-dark");
    await page.emulateMedia({ colorScheme: "light" });
  });

  await t.test("what was left out is not collected", async () => {
    const records = async (kind) => (await (await api(demo, `/api/v1/records?kind=${kind}`)).json()).records.length;
    assert.ok((await records("sleep")) > 0);
    assert.equal(await records("spo2"), 0);
  });

  await t.test("flips a switch, and the context changes", async () => {
    const share = async (topic, on) => {
      await page.goto(new URL("/connections", demo.url).href);
      const form = page.locator("form.sharing");
      await form.locator(`input[value="${topic}"]`).setChecked(on);
      await form.getByRole("status").filter({ hasText: /^Saved$/ }).waitFor();
      await page.goto(demo.url);
      return page.locator("#context").innerText();
    };
    assert.doesNotMatch(await share("sleep", false), /Sleep Score/);
    assert.match(await share("sleep", true), /Sleep Score/);
  });

  await t.test("makes a token for an agent, which reads the context", async () => {
    await press(page.getByRole("link", { name: "Agents" }));
    await page.getByLabel("Name").fill("Coach agent");
    await page.locator('input[name="scopes"][value="context:read"]').check();
    await press(page.getByRole("button", { name: "Make the token" }));
    const token = (await page.locator("#secret").innerText()).trim();
    const answer = await api(demo, "/api/v1/context", { token, headers: { accept: "text/markdown" } });
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /Sleep Score/);
    assert.equal((await api(demo, "/api/v1/context", { token: `${token}x` })).status, 401);
    await page.goto(new URL("/agents", demo.url).href);
    assert.equal(await page.locator("#secret").count(), 0, "the token is shown a second time");
    await picture(page, "agents");
  });

  await t.test("finds that in the audit", async () => {
    await press(page.getByRole("link", { name: "Audit" }));
    await page.getByText("“Coach agent” read your context").first().waitFor();
    await page.getByText("Chain intact").waitFor();
    await picture(page, "audit");
  });

  await t.test("browses the API", async () => {
    await page.goto(new URL("/docs", demo.url).href);
    await page.getByText("/api/v1/context", { exact: true }).first().waitFor();
  });

  await t.test("disconnects and keeps the data", async () => {
    await page.goto(new URL("/connections", demo.url).href);
    await press(page.getByText("Details, history, disconnect"));
    await press(page.locator("summary", { hasText: "Disconnect Oura" }));
    await picture(page, "disconnect");
    await page.getByRole("radio", { name: "Keep it" }).check();
    await page.getByRole("checkbox", { name: "Yes, disconnect Oura" }).check();
    await press(page.getByRole("button", { name: "Disconnect", exact: true }));
    await page.getByText("Not connected", { exact: true }).waitFor();
    const { records } = await (await api(demo, "/api/v1/records?kind=sleep")).json();
    assert.ok(records.length > 0, "the records are gone");
  });

  await t.test("signs out", async () => {
    await press(page.locator(".account summary"));
    await press(page.getByRole("button", { name: "Sign out" }));
    await page.goto(new URL("/audit", demo.url).href);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
  });

  await t.test("no page complained", () => assert.deepEqual(complaints, []));

  await t.test("Ctrl-C stops the demo", async () => {
    assert.deepEqual(await demo.stop(), { code: 0, signal: null });
  });
});
