// An app that embeds the server sends its user through a connect link, without sign-in.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { newVisitor, picture, press, startBrowser, until } from "./browser.mjs";
import { api, startDemo } from "./demo.mjs";

/** The app: a page to come back to. */
async function startApp(t) {
  const server = createServer((_, answer) => {
    answer.setHeader("content-type", "text/html; charset=utf-8");
    answer.end('<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>App</title><h1>Welcome back</h1></html>');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

test("an app's user connects through a link", async (t) => {
  const app = await startApp(t);
  const demo = await startDemo(t);
  const browser = await startBrowser(t);
  const { context, page, complaints } = await newVisitor(browser);
  const token = demo.service_token;
  let link;
  let code;

  await t.test("the app makes a link", async () => {
    const body = { external_user_id: "customer-7", providers: ["oura"], return_url: `${app}/back?from=link` };
    const answer = await api(demo, "/api/v1/connect-links", { token, body });
    assert.equal(answer.status, 201);
    link = await answer.json();
    assert.ok(link.url.startsWith(demo.url));
  });

  await t.test("a link leads back to allowed origins only", async () => {
    const body = { external_user_id: "customer-7", providers: ["oura"], return_url: "https://elsewhere.example/back" };
    assert.equal((await api(demo, "/api/v1/connect-links", { token, body })).status, 422);
  });

  await t.test("the person sees who asks, and consents", async () => {
    await page.goto(link.url);
    await page.getByRole("heading", { name: /asks for your data/ }).waitFor();
    await picture(page, "link");
    const choose = page.getByRole("link", { name: "Choose Oura" });
    if (await choose.count()) await press(choose);
    await press(page.getByRole("button", { name: "Continue to Oura" }));
    await page.getByRole("heading", { name: "Connect your Oura account" }).waitFor();
    const cookie = (await context.cookies(demo.url)).find(({ name }) => name.startsWith("__Host-"));
    assert.ok(cookie?.secure && cookie.sameSite === "Lax", "the link has no __Host- cookie");
    await press(page.getByRole("button", { name: "Allow" }));
  });

  await t.test("and comes back to the app with a code", async () => {
    await page.waitForURL((url) => url.origin === app);
    const back = new URL(page.url()).searchParams;
    assert.equal(back.get("from"), "link");
    code = back.get("code");
    assert.ok(code, `no code came back: ${back}`);
  });

  await t.test("nothing is collected before the app redeems the code", async () => {
    const { records } = await (await api(demo, `/api/v1/records?kind=sleep&user_id=${link.user_id}`, { token })).json();
    assert.deepEqual(records, []);
  });

  await t.test("the app redeems the code, once", async () => {
    const redeem = () => api(demo, "/api/v1/connect-links/redeem", { token, body: { code } });
    const first = await redeem();
    assert.equal(first.status, 200);
    const redeemed = await first.json();
    assert.equal(redeemed.external_user_id, "customer-7");
    assert.equal(redeemed.status, "active");
    assert.ok((await redeem()).status >= 400, "the code works twice");
  });

  await t.test("the connection is there, and fills", async () => {
    const status = async () =>
      (await api(demo, `/api/v1/integrations/oura/status?user_id=${link.user_id}`, { token })).json();
    assert.equal((await status()).connected, true);
    await until("the first sync", async () => (await status()).last_sync_at);
  });

  await t.test("the link is dead in another browser", async () => {
    const stranger = await newVisitor(browser);
    const answer = await stranger.page.goto(link.url);
    assert.ok(answer.status() >= 400, `the link still answers ${answer.status()}`);
    await stranger.page.getByText("Nothing was collected, and nothing was changed.").waitFor();
  });

  await t.test("no page complained", () => assert.deepEqual(complaints, []));
});
