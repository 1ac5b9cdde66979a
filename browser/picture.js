/**
 * Takes a picture of the built page (dist/) with a text typed into it:
 *
 *   npm run picture -- --text TEXT --output FILE.png
 */
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { launchChromium } from "./test/chromium.js";
import { serveFolder } from "./test/serve.js";

const HERE = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({
  options: { text: { type: "string" }, output: { type: "string" } },
});
if (!values.text || !values.output) {
  console.error("picture: npm run picture -- --text TEXT --output FILE.png");
  process.exit(2);
}
const server = await serveFolder(join(HERE, "dist"));
const browser = await launchChromium();
const page = await browser.newPage({ viewport: { width: 900, height: 620 } });
await page.goto(server.address);
await page.fill("#text", values.text);
await page.waitForSelector("mark");
await page.waitForTimeout(1000); // the first predictions are the slowest
await page.screenshot({ path: resolve(process.env.INIT_CWD ?? ".", values.output) });
await browser.close();
await server.close();
