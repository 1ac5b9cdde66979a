/** The module finds what Python finds. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { NAMES, readCases, useBrowser } from "./site.js";

const { open } = useBrowser();

// A page for each student; a module and a student are loaded once in it.
for (const name of NAMES) {
  /** @type {import("playwright-core").Page} */
  let page;

  test(`${name}: the entities and scores of Python`, async () => {
    const { texts, runs, tolerance } = readCases(name);
    page = await open(`${name}/index.html`);
    let count = 0;
    for (const { options, entities } of runs) {
      const { found, atOnce } = await page.evaluate(predictAll, { texts, options });
      assert.deepEqual(atOnce, found, "calls do not disturb each other");
      found.forEach((ours, row) => {
        const theirs = entities[row];
        count += theirs.length;
        const where = `${JSON.stringify(texts[row])} with ${JSON.stringify(options)}`;
        const converted = ours.map((entity) => countCodePoints(texts[row], entity));
        assert.deepEqual(withoutScores(converted), withoutScores(theirs), where);
        ours.forEach(({ start, end, text, score }, index) => {
          assert.equal(texts[row].slice(start, end), text);
          assert.ok(Math.abs(score - theirs[index].score) < tolerance, where);
        });
      });
    }
    assert.ok(count > 0, "Python found no entity, so that nothing was compared");
  });

  test(`${name}: mistakes are one sentence`, async () => {
    const { isOpen, messages } = await page.evaluate(makeMistakes);
    const wanted = [
      /^The threshold 0 is not between 0 and 1; 0\.5 is usual\.$/,
      /^The threshold 1 is not between 0 and 1; 0\.5 is usual\.$/,
      /^The threshold NaN is not between 0 and 1; 0\.5 is usual\.$/,
      /^No labels were given; name at least one\.$/,
      /^A label is empty; remove it\.$/,
      /^Labels are a list of names, as \["person", "city"\]\.$/,
      /nowhere\/ is no exported student: config\.json answers 404; give a folder that .* wrote\.$/,
    ];
    if (!isOpen) wanted.push(/^This student does not know the label "no such label"; it knows: /);
    assert.equal(messages.length, wanted.length);
    messages.forEach((message, index) => assert.match(message, wanted[index]));
    await page.close();
  });
}

/** In the page: one text after the other, and all calls at once. */
async function predictAll({ texts, options }) {
  const { DistilGLiNER } = await import(new URL("distilgliner.js", document.baseURI).href);
  globalThis.student ??= DistilGLiNER.fromPretrained("student");
  const student = await globalThis.student;
  const atOnce = await Promise.all(texts.map((text) => student.predictEntities(text, options)));
  return { found: await student.batchPredictEntities(texts, options), atOnce };
}

/** In the page, after `predictAll`. */
async function makeMistakes() {
  const { DistilGLiNER, UserError } = await import(new URL("distilgliner.js", document.baseURI).href);
  const student = await globalThis.student;
  const attempts = [
    () => student.predictEntities("Ada", { threshold: 0 }),
    () => student.predictEntities("Ada", { threshold: 1 }),
    () => student.predictEntities("Ada", { threshold: NaN }),
    () => student.predictEntities("Ada", { labels: [] }),
    () => student.predictEntities("Ada", { labels: ["person", " \t"] }),
    () => student.predictEntities("Ada", { labels: "person" }),
    () => DistilGLiNER.fromPretrained("nowhere"),
  ];
  if (!student.isOpen) {
    attempts.push(() => student.predictEntities("Ada", { labels: ["no such label"] }));
  }
  const messages = [];
  for (const attempt of attempts) {
    const error = await attempt().catch((reason) => reason);
    messages.push(error instanceof UserError ? error.message : `no UserError: ${error}`);
  }
  return { isOpen: student.isOpen, messages };
}

/** Python's offsets count characters, JavaScript's UTF-16 units. */
function countCodePoints(text, entity) {
  const [start, end] = [entity.start, entity.end].map((offset) => [...text.slice(0, offset)].length);
  return { ...entity, start, end };
}

function withoutScores(entities) {
  return entities.map(({ start, end, text, label }) => ({ start, end, text, label }));
}
