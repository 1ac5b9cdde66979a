/**
 * Builds the module, the demo page and a student's folder into a folder of static files:
 *
 *   npm run build -- --student FOLDER [--output FOLDER]
 */
import { cpSync, existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const STUDENT_FILES = ["config.json", "tokenizer.json", "model.onnx"];
/** The page that 'distilgliner serve' shows, here with a model of its own. */
const PAGE = join(HERE, "../src/distilgliner/serve/page");
const PAGE_FILES = ["index.html", "style.css", "page.js", "view.js"];
const RUNTIME = "node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm";

try {
  await runBuild(readArguments());
} catch (error) {
  console.error(`build: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 2;
}

function readArguments() {
  const { values } = parseArgs({
    options: { student: { type: "string" }, output: { type: "string" } },
  });
  if (!values.student) {
    throw new Error("Name an exported student: npm run build -- --student FOLDER");
  }
  return {
    // npm runs scripts in the package's folder; a relative path is meant from where npm was called.
    student: resolve(process.env.INIT_CWD ?? ".", values.student),
    output: values.output ? resolve(process.env.INIT_CWD ?? ".", values.output) : join(HERE, "dist"),
  };
}

/** @param {{student: string, output: string}} folders */
async function runBuild({ student, output }) {
  checkStudent(student);
  const target = join(output, "student");
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  await build({
    entryPoints: ["distilgliner.js", "model.js"].map((name) => join(HERE, "src", name)),
    outdir: output,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    // The page loads the module as anybody else's page would.
    external: ["./distilgliner.js"],
    legalComments: "linked",
    logLevel: "warning",
  });
  for (const name of PAGE_FILES) cpSync(join(PAGE, name), join(output, name));
  cpSync(join(HERE, RUNTIME), join(output, "ort-wasm-simd-threaded.wasm"));
  for (const name of STUDENT_FILES) cpSync(join(student, name), join(target, name));
  console.log(`${output}: the page, the module and the student ${student}`);
}

/** @param {string} student */
function checkStudent(student) {
  if (!existsSync(student) || !statSync(student).isDirectory()) {
    throw new Error(`There is no folder ${student}; give one that 'distilgliner export' wrote.`);
  }
  const missing = STUDENT_FILES.find((name) => !existsSync(join(student, name)));
  if (missing) {
    throw new Error(
      `${student} has no ${missing}; give a folder that 'distilgliner export' wrote.`,
    );
  }
}
