/** Headless Chromium from the system: none is downloaded. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/** @returns {string} the path in the variable CHROMIUM, or of the first usual name in PATH */
export function findChromium() {
  const candidates = process.env.CHROMIUM
    ? [process.env.CHROMIUM]
    : (process.env.PATH ?? "")
        .split(delimiter)
        .flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found) throw new Error("There is no Chromium in PATH; name one in the variable CHROMIUM.");
  return found;
}

export function launchChromium() {
  // No sandbox: containers and root have none, and only our own pages are opened.
  return chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox"] });
}
