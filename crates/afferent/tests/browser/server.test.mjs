// Who runs the server sees how it fares, what providers send and what they are asked to send.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { newVisitor, picture, press, signIn, startBrowser, until } from "./browser.mjs";
import { api, startDemo, syncRing } from "./demo.mjs";

/** A delivery that is rightly signed, in the way of the ring's maker, and says nothing that one could understand. */
async function sendNonsense(demo) {
  const body = '{"said":"nothing"}';
  const timestamp = String(Math.floor(Date.now() / 1000));
  const key = demo.providers.oura.client_secret;
  const signature = createHmac("sha256", key).update(timestamp + body).digest("hex").toUpperCase();
  return fetch(new URL("/api/v1/integrations/oura/webhook", demo.url), {
    method: "POST",
    body,
    headers: { "content-type": "application/json", "x-oura-timestamp": timestamp, "x-oura-signature": signature },
  });
}

test("an administrator watches over the server", async (t) => {
  const demo = await startDemo(t, { flags: ["--connected", "--every", "0"] });
  const browser = await startBrowser(t);
  const { page, complaints } = await newVisitor(browser, { viewport: { width: 1440, height: 900 } });
  const tab = (name) => press(page.getByRole("navigation", { name: "Server" }).getByRole("link", { name }));

  await t.test("signs in, and finds the server well", async () => {
    await signIn(page, { url: demo.url, email: demo.admin_email, password: demo.admin_password });
    await press(page.locator(".account summary"));
    await press(page.getByRole("link", { name: "Server" }));
    await page.getByText("Ready: it can do its work.").waitFor();
    await page.getByRole("row", { name: /^records \d/ }).waitFor();
  });

  await t.test("watches everybody's events, but not what they say", async () => {
    await press(page.getByRole("button", { name: "Watch" }));
    await page.getByRole("button", { name: "Watching" }).waitFor();
    await syncRing(demo);
    const line = page.locator("[data-watched] li", { hasText: "revised" }).first();
    await line.waitFor();
    assert.match(await line.innerText(), new RegExp(`oura · ${demo.user_id}`));
    await picture(page, "server");
  });

  await t.test("which the person can see", async () => {
    const { entries } = await (await api(demo, "/api/v1/audit?action=events_watched")).json();
    assert.ok(entries.length > 0, "nobody was told that somebody watched");
  });

  await t.test("sees what was sent, and has it done again", async () => {
    await tab("Deliveries");
    const first = page.locator("#deliveries > li").first();
    const applied = async () => {
      await page.goto(new URL("/server/deliveries", demo.url).href);
      return (await first.getByText("Oura: applied").count()) === 1;
    };
    await until("the delivery to be applied", applied);
    await picture(page, "deliveries");
    await press(first.getByRole("button", { name: "Replay" }));
    await page.getByText("It is being done again").waitFor();
    // Nobody loads the page again.
    await first.getByText("Oura: applied").waitFor();
  });

  await t.test("finds what was not understood, which was taken all the same", async () => {
    assert.equal((await sendNonsense(demo)).status, 200);
    const dead = page.getByText("Oura: not understood or not fetched");
    await until("the dead letter", async () => {
      await page.goto(new URL("/server/deliveries?state=dead", demo.url).href);
      return (await dead.count()) === 1;
    });
    assert.equal(await page.locator("#deliveries > li").count(), 1);
    assert.equal(await page.getByLabel("Show").inputValue(), "dead");
    await picture(page, "deliveries-dead");
  });

  await t.test("sees what the provider is asked to send, and has it checked", async () => {
    await tab("Subscriptions");
    await page.getByText("It tells this server of changes by itself.").waitFor();
    await press(page.getByText(/^\d+ subscriptions$/));
    assert.ok((await page.getByRole("row", { name: /daily_sleep create, delete, update active/ }).count()) === 1);
    await press(page.getByRole("button", { name: "Check now" }));
    await page.getByText("It is being checked").waitFor();
    await picture(page, "subscriptions");
  });

  await t.test("renews and ends what the provider is asked to send", async () => {
    const unfold = async () => {
      await press(page.getByText(/^\d+ subscriptions$/));
      await press(page.locator("summary", { hasText: "daily_sleep: create, delete, update" }));
    };
    await unfold();
    await picture(page, "subscriptions-change");
    await press(page.getByRole("button", { name: "Renew daily_sleep: create, delete, update" }));
    await page.getByText("Renewed.").waitFor();
    await unfold();
    await page.getByLabel("Yes, end daily_sleep: create, delete, update").check();
    await press(page.getByRole("button", { name: "End daily_sleep: create, delete, update" }));
    await page.getByText("Ended.").waitFor();
    await press(page.getByText(/^\d+ subscriptions$/));
    assert.equal(await page.getByRole("row", { name: /^daily_sleep / }).count(), 0);
  });

  await t.test("a member sees none of that", async () => {
    const member = await newVisitor(browser);
    await signIn(member.page, demo);
    for (const path of ["/server", "/server/deliveries", "/server/subscriptions"])
      assert.equal((await member.page.goto(new URL(path, demo.url).href)).status(), 403, path);
  });

  await t.test("no page complained", () => assert.deepEqual(complaints, []));
});
