// A real browser whose complaints are heard.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";

const PATIENCE = 60_000;

/** Starts Chromium, and stops it after the test. */
export async function startBrowser(t) {
  // Chromium's own sandbox does not start for root, as in containers.
  const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, headless: true, args });
  t.after(() => browser.close());
  return browser;
}

/** A page in a browser session of its own. What its pages complain about ends up in `complaints`. */
export async function newVisitor(browser, options = {}) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE);
  const complaints = [];
  context.on("console", (message) => {
    if (message.type() === "error") complaints.push(`${message.location().url}: ${message.text()}`);
  });
  context.on("weberror", (error) => complaints.push(String(error.error())));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy: ${event.effectiveDirective} blocks ${event.blockedURI}`);
    });
  });
  return { context, page: await context.newPage(), complaints };
}

/** Signs in with the keyboard alone: the first field has the focus, Tab goes on, Enter sends. */
export async function signIn(page, demo) {
  await page.goto(demo.url);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.keyboard.type(demo.email);
  await page.keyboard.press("Tab");
  await page.keyboard.type(demo.password);
  await page.keyboard.press("Enter");
  await page.locator("nav.menu").waitFor();
}

/** Presses a link or a button with the keyboard. */
export async function press(locator) {
  await locator.focus();
  await locator.press("Enter");
}

/** Asks until the answer is yes. */
export async function until(what, ask) {
  const end = performance.now() + PATIENCE;
  while (performance.now() < end) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`waited in vain for ${what}`);
}

/** Keeps a picture of a page for people to look at, where somebody asks for pictures. */
export async function picture(page, name) {
  const folder = process.env.PICTURES;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
