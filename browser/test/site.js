/**
 * The folder in the variable SITE, opened in a browser. It holds built folders (`closed/`, `open/` …)
 * and for each what Python finds (`closed.json`); tests/integration/test_browser.py writes it.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";

import { launchChromium } from "./chromium.js";
import { serveFolder } from "./serve.js";

const SITE = process.env.SITE;
if (!SITE) throw new Error("Run these tests with: pytest tests/integration/test_browser.py");

/** The names of the built folders. */
export const NAMES = readdirSync(SITE, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

/** @param {string} name */
export function readCases(name) {
  return JSON.parse(readFileSync(join(/** @type {string} */ (SITE), `${name}.json`), "utf8"));
}

/**
 * Starts a server and a browser for the tests of a file.
 *
 * @returns {{open: (path: string) => Promise<import("playwright-core").Page>, faults: string[]}}
 */
export function useBrowser() {
  let server, browser;
  /** @type {string[]} what any page threw or complained of */
  const faults = [];
  before(async () => {
    server = await serveFolder(SITE);
    browser = await launchChromium();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });
  const open = async (/** @type {string} */ path) => {
    const page = await browser.newPage();
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") faults.push(message.text());
    });
    await page.goto(new URL(path, server.address).href);
    return page;
  };
  return { open, faults };
}
