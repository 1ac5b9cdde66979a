/** The page of 'distilgliner serve', whose address is in the variable SERVED. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { readCases, useBrowser } from "./site.js";

const { open, faults } = useBrowser();
const SERVED = /** @type {string} */ (process.env.SERVED);

test("the server finds what Python finds, wherever characters take two units", async () => {
  const { texts, runs } = readCases("open");
  const { options, entities } = runs[0];
  const page = await open(SERVED);
  await page.locator("#time", { hasText: /\d/ }).waitFor();
  await page.fill("#threshold", String(options.threshold));
  const rows = [...texts.keys()].filter((row) => entities[row].length > 0 && texts[row].length < 500);
  for (const row of rows) {
    await page.fill("#text", texts[row]);
    const count = `${texts[row].length.toLocaleString("en")} characters`;
    await page.locator("#words-note", { hasText: count }).waitFor();
    const sentence = await page.locator("#sentence").evaluate((place) => {
      for (const tag of place.querySelectorAll(".tag")) tag.remove();
      const marks = [...place.querySelectorAll(".entity")].map((mark) => mark.textContent);
      return { text: place.textContent, marks };
    });
    // Of a text area a line ends in one character, whatever it was.
    assert.equal(sentence.text, await page.inputValue("#text"));
    assert.deepEqual(sentence.marks, entities[row].map(({ text }) => text));
  }
});

test("a server that is gone is told", async () => {
  const page = await open(SERVED);
  await page.locator("#time", { hasText: /\d/ }).waitFor();
  await page.route("**/gliner", (route) => route.abort());
  await page.fill("#text", "Ada");
  await page.locator("#error", { hasText: "The server does not answer" }).waitFor();
});

test("no page complained", () => {
  const told = faults.filter((fault) => !fault.includes("net::ERR_FAILED"));
  assert.deepEqual(told, []);
});
