// A person has their events sent to an address. All of it works without scripts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { WebhookVerificationError } from "standardwebhooks";
import { newVisitor, picture, press, signIn, startBrowser } from "./browser.mjs";
import { events, startDemo, syncRing } from "./demo.mjs";
import { startReceiver, verified } from "./receiver.mjs";

test("a person has their events sent to an address", async (t) => {
  const receiver = await startReceiver(t);
  const demo = await startDemo(t, { flags: ["--connected", "--every", "0"] });
  const browser = await startBrowser(t);
  const { page, complaints } = await newVisitor(browser, { javaScriptEnabled: false });
  const secretShown = async () => (await page.locator("#secret").innerText()).trim();
  const sendTest = () => press(page.getByRole("button", { name: "Send a test" }));
  const unfold = () => press(page.locator("summary", { hasText: "Attempts, secret" }));
  let secret;

  await t.test("finds where that is done", async () => {
    await signIn(page, demo);
    await press(page.getByRole("link", { name: "Agents" }));
    await press(page.getByRole("main").getByRole("link", { name: "Webhooks" }));
    await page.getByText("Nothing is sent anywhere.").waitFor();
  });

  await t.test("is told plainly what is no address", async () => {
    await page.getByLabel("Name").fill("Notebook");
    await page.getByLabel("Address").fill("ftp://example.org/hook");
    await press(page.getByRole("button", { name: "Make the webhook" }));
    await page.getByRole("alert").waitFor();
    assert.equal(await page.getByLabel("Name").inputValue(), "Notebook");
    assert.equal(await page.locator("#secret").count(), 0);
    assert.match(complaints.pop(), /status of 422/);
  });

  await t.test("makes a webhook, and sees its secret once", async () => {
    await page.getByLabel("Address").fill(receiver.url);
    await press(page.getByRole("button", { name: "Make the webhook" }));
    secret = await secretShown();
    assert.match(secret, /^whsec_/);
    await picture(page, "webhook-made");
    await page.goto(new URL("/agents/webhooks", demo.url).href);
    await page.getByRole("heading", { name: "Notebook" }).waitFor();
    assert.equal(await page.locator("#secret").count(), 0, "the secret is shown a second time");
  });

  await t.test("sends a test, which the receiver can tell from a forgery", async () => {
    await sendTest();
    await page.getByRole("status").waitFor();
    const message = await receiver.take(/^webhook\.test$/);
    assert.equal(verified(secret, message).type, "webhook.test");
    const changed = { ...message, body: message.body.replace("webhook.test", "webhook.tess") };
    assert.throws(() => verified(secret, changed), WebhookVerificationError);
  });

  await t.test("the ring syncs, and the receiver is told that something changed", async () => {
    const { head } = await events(demo, 0);
    await syncRing(demo);
    const said = verified(secret, await receiver.take(/\.revised$/));
    assert.ok(said.data.position > head);
    const { events: [event] } = await events(demo, said.data.position - 1);
    assert.equal(said.type, `${event.kind}.${event.type}`);
    assert.equal(said.data.record_id, event.record_id);
  });

  await t.test("changes the secret: for a day both are good", async () => {
    await unfold();
    await press(page.getByRole("button", { name: "New secret" }));
    const newer = await secretShown();
    assert.notEqual(newer, secret);
    receiver.posts.length = 0;
    await sendTest();
    const message = await receiver.take(/^webhook\.test$/);
    for (const good of [secret, newer]) assert.equal(verified(good, message).type, "webhook.test");
    assert.throws(() => verified("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", message), WebhookVerificationError);
    secret = newer;
  });

  await t.test("pauses it, and what happened meanwhile comes afterwards", async () => {
    await unfold();
    await press(page.getByRole("button", { name: "Pause" }));
    await page.getByText("Attempts, secret, resume, delete").waitFor();
    receiver.posts.length = 0;
    const { head } = await events(demo, 0);
    await syncRing(demo);
    await sendTest();
    await receiver.take(/^webhook\.test$/);
    assert.equal(receiver.posts.length, 0, "something was sent while it was paused");
    await unfold();
    await picture(page, "webhooks");
    await press(page.getByRole("button", { name: "Resume" }));
    assert.ok(verified(secret, await receiver.take(/\.revised$/)).data.position > head);
  });

  await t.test("deletes it", async () => {
    await unfold();
    await page.getByRole("checkbox", { name: "Yes, delete Notebook" }).check();
    await press(page.getByRole("button", { name: "Delete" }));
    await page.getByText("Nothing is sent anywhere.").waitFor();
  });

  await t.test("finds all of that in the audit", async () => {
    await press(page.getByRole("link", { name: "Audit" }));
    const told = (await page.locator("ol.events li").allInnerTexts()).join("\n");
    for (const words of [/webhook “Notebook” to 127\.0\.0\.1/, /You stopped having your events sent to webhook “Notebook”/]) assert.match(told, words);
  });

  await t.test("no page complained", () => assert.deepEqual(complaints, []));
});
