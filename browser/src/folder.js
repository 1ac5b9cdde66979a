/** Reading an exported student's folder over HTTP. */
import { UserError } from "./errors.js";

const FORMAT = "distilgliner";
const FORMAT_VERSION = 1;
const WORD_SPLITTER = "whitespace";

/**
 * @param {URL} folder
 * @returns {Promise<{config: any, tokenizer: any, graph: Uint8Array}>}
 * @throws {UserError} when there is no student, or one of another version
 */
export async function readFolder(folder) {
  const config = await readConfig(folder);
  const [tokenizer, graph] = await Promise.all([
    readFile(folder, "tokenizer.json").then((file) => parse(file, folder, "tokenizer.json")),
    readFile(folder, "model.onnx"),
  ]);
  return { config, tokenizer, graph };
}

/** @param {URL} folder */
async function readConfig(folder) {
  const config = parse(await readFile(folder, "config.json"), folder, "config.json");
  if (config?.format !== FORMAT) {
    throw new UserError(
      `${folder}config.json describes no DistilGLiNER student; give a folder that ` +
        "'distilgliner export' wrote.",
    );
  }
  const splitter = config.word_splitter;
  if (typeof splitter === "string" && splitter !== WORD_SPLITTER) {
    throw new UserError(
      `The student of ${folder} splits words with "${splitter}", which does not run in the ` +
        "browser; answer from a server: distilgliner serve --model FOLDER.",
    );
  }
  if (config.format_version !== FORMAT_VERSION || splitter !== WORD_SPLITTER) {
    throw new UserError(
      `${folder} was written by another version; export the student again with this one.`,
    );
  }
  return config;
}

/**
 * @param {URL} folder
 * @param {string} name
 */
async function readFile(folder, name) {
  let response;
  try {
    response = await fetch(new URL(name, folder));
  } catch {
    throw new UserError(
      `${folder}${name} cannot be reached; the page must come from a web server that serves it.`,
    );
  }
  if (!response.ok) {
    throw new UserError(
      `${folder} is no exported student: ${name} answers ${response.status}; give a folder that ` +
        "'distilgliner export' wrote.",
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}

/**
 * @param {Uint8Array} file
 * @param {URL} folder
 * @param {string} name
 */
function parse(file, folder, name) {
  try {
    return JSON.parse(new TextDecoder().decode(file));
  } catch {
    throw new UserError(`${folder}${name} is not JSON; export the student again.`);
  }
}
