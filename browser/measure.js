/**
 * What a built folder weighs and how fast it is in headless Chromium, as JSON:
 *
 *   npm run -s measure -- [--texts FILE] [--site FOLDER]
 */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";

import { launchChromium } from "./test/chromium.js";
import { serveFolder } from "./test/serve.js";

const HERE = dirname(fileURLToPath(import.meta.url));
const TEXTS = join(HERE, "../teacher/src/distilgliner_teacher/corpus/transfer.txt");
const MOST_TEXTS = 1000;
const LOADED = [
  "index.html",
  "style.css",
  "page.js",
  "view.js",
  "model.js",
  "distilgliner.js",
  "ort-wasm-simd-threaded.wasm",
  "student/config.json",
  "student/tokenizer.json",
  "student/model.onnx",
];

const { values } = parseArgs({ options: { texts: { type: "string" }, site: { type: "string" } } });
const base = process.env.INIT_CWD ?? ".";
const site = values.site ? resolve(base, values.site) : join(HERE, "dist");
const texts = readFileSync(values.texts ? resolve(base, values.texts) : TEXTS, "utf8")
  .split("\n")
  .filter(Boolean)
  .slice(0, MOST_TEXTS);
console.log(JSON.stringify({ sizes: measureSizes(), ...(await measureSpeed()) }, null, 1));

/** Bytes of every file, as it is and as a server with gzip sends it. */
function measureSizes() {
  return Object.fromEntries(
    LOADED.map((name) => {
      const bytes = readFileSync(join(site, name));
      return [name, { bytes: bytes.length, gzip: gzipSync(bytes).length }];
    }),
  );
}

async function measureSpeed() {
  const server = await serveFolder(site);
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    const began = performance.now();
    await page.goto(server.address);
    await page.locator("#time", { hasText: /\d/ }).waitFor();
    const ready = Math.round(performance.now() - began);
    const measured = await page.evaluate(runTexts, texts);
    return {
      machine: cpus()[0].model,
      chromium: browser.version(),
      page_ready_ms: ready,
      ...measured,
    };
  } finally {
    await browser.close();
    await server.close();
  }
}

/** In the page. The module is there already; the student is loaded a second time, from the cache. */
async function runTexts(texts) {
  const { DistilGLiNER } = await import(new URL("distilgliner.js", document.baseURI).href);
  const began = performance.now();
  const student = await DistilGLiNER.fromPretrained("student");
  const load = performance.now() - began;
  const half = Math.floor(texts.length / 2);
  const measurePass = async (part) => {
    const times = [];
    for (const text of part) {
      const start = performance.now();
      await student.predictEntities(text);
      times.push(performance.now() - start);
    }
    times.sort((one, other) => one - other);
    const place = (share) => Number(times[Math.floor(share * (times.length - 1))].toFixed(2));
    return { median_ms: place(0.5), p90_ms: place(0.9) };
  };
  const passes = {
    while_compiling: await measurePass(texts.slice(0, half)),
    new_words: await measurePass(texts.slice(half)),
    known_words: await measurePass(texts.slice(half)),
  };
  const words = texts.reduce((sum, text) => sum + text.split(/\s+/).length, 0);
  return {
    texts: texts.length,
    words_per_text: Number((words / texts.length).toFixed(1)),
    open_again_ms: Math.round(load),
    ...passes,
  };
}
