/** The demo page: typing shows entities, labels and threshold change them. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { readCases, useBrowser } from "./site.js";

const { open, faults } = useBrowser();
/** @type {Record<string, import("playwright-core").Page>} a page for each student, opened once */
const pages = {};

for (const name of ["closed", "open"]) {
  test(`${name}: typing shows entities`, async () => {
    const { texts, runs } = readCases(name);
    const { options, entities } = runs[0];
    assert.equal(options.labels, undefined, "the page begins with all labels");
    const row = entities.findIndex((found) => found.length > 0);
    const page = await open(`${name}/`);
    pages[name] = page;
    await page.locator("#time", { hasText: /\d/ }).waitFor();

    await page.fill("#threshold", String(options.threshold));
    await page.fill("#text", "");
    await page.locator("#words", { hasText: /^0$/ }).waitFor();
    assert.equal(await page.locator(".entity").count(), 0);
    await page.locator("#text").pressSequentially(texts[row]);
    // While it is typed, other entities come and go.
    await page.locator("#words-note", { hasText: `${texts[row].length} characters` }).waitFor();
    assert.deepEqual(await readMarks(page), entities[row].map(({ text, label }) => [text, label]));
    assert.equal(await page.locator("#count").textContent(), String(entities[row].length));
    assert.match(await page.locator("#time").textContent(), /^\d+(\.\d)?$/);

    const { label } = entities[row][0];
    await page.getByRole("button", { name: label }).click();
    await page.waitForFunction(
      (gone) => [...document.querySelectorAll(".entity .tag")].every((tag) => tag.textContent !== gone),
      label,
    );
  });
}

test("an open student takes new labels", async () => {
  const page = pages.open;
  await page.fill("#new-label input", "ship, sea  monster");
  await page.press("#new-label input", "Enter");
  const chip = page.getByRole("button", { name: "sea monster" });
  await chip.waitFor();
  assert.equal(await page.getByRole("button", { name: "ship" }).count(), 1);
  await chip.click();
  await chip.waitFor({ state: "detached" });
});

test("a closed student offers no place for new labels; markup in the text stays text", async () => {
  const page = pages.closed;
  assert.equal(await page.locator("#new-label").isVisible(), false);
  await page.fill("#threshold", "0.05");
  await page.fill("#text", "<img src=x onerror=alert(1)> Ada & <b>Bob</b>");
  await page.locator("#sentence", { hasText: "Bob" }).waitFor();
  assert.equal(await page.locator("#sentence img, #sentence b, #entities img").count(), 0);
});

test("no page complained", () => assert.deepEqual(faults, []));

function readMarks(page) {
  return page.locator(".entity").evaluateAll((marks) =>
    marks.map((mark) => [mark.firstChild.textContent, mark.querySelector(".tag").textContent]),
  );
}
