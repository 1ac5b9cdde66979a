/** `DistilGLiNER` in the browser: an exported student with the interface of the Python class. */
import { InferenceSession, env } from "onnxruntime-web/wasm";

import { ROLES, computeOdds, decodeText } from "./decode.js";
import { UserError } from "./errors.js";
import { WordFeaturizer } from "./features.js";
import { readFolder } from "./folder.js";
import { buildLabelInputs, buildWordInputs } from "./tensors.js";
import { buildTokenizer } from "./tokenizer.js";
import { cutWindows } from "./windows.js";
import { cutWords, normalizeLabel, splitWords } from "./words.js";

export { UserError };

/**
 * @typedef {object} Entity
 * @property {number} start offset into the JavaScript string (UTF-16 units)
 * @property {number} end the same, exclusive: `text.slice(start, end)` is the entity
 * @property {string} text
 * @property {string} label
 * @property {number} score between the threshold and 1
 */

/**
 * @typedef {object} PredictOptions
 * @property {string[]} [labels] which to look for; by default those of the distillation
 * @property {number} [threshold] only entities that score above it; strictly between 0 and 1
 */

/** Finds entities with a distilled student. */
export class DistilGLiNER {
  /**
   * Open an exported student.
   *
   * @param {string | URL} folder its address, relative to the page
   * @returns {Promise<DistilGLiNER>}
   * @throws {UserError} when there is none, or it is damaged
   */
  static async fromPretrained(folder) {
    const base = globalThis.document?.baseURI ?? globalThis.location.href; // a worker has no document
    const address = new URL(String(folder).replace(/\/*$/, "/"), base);
    const { config, tokenizer, graph } = await readFolder(address);
    const featurizer = new WordFeaturizer(buildTokenizer(tokenizer), {
      subwordCount: config.subword_count,
      affixBuckets: config.student.affix_buckets,
      shapeBuckets: config.student.shape_buckets,
    });
    return new DistilGLiNER(config, featurizer, await openGraph(graph, address));
  }

  /**
   * @param {any} config
   * @param {WordFeaturizer} featurizer
   * @param {InferenceSession} session
   */
  constructor(config, featurizer, session) {
    /** @type {readonly string[]} the labels it was distilled with */
    this.labels = config.labels;
    /** Whether it accepts labels that it was not distilled with. */
    this.isOpen = config.student.head === "tower";
    this.roles = config.student.roles;
    this.featurizer = featurizer;
    this.session = session;
  }

  /**
   * The entities of one text, in order.
   *
   * @param {string} text
   * @param {PredictOptions} [options]
   * @returns {Promise<Entity[]>}
   * @throws {UserError} for an unknown label, or a threshold out of range
   */
  async predictEntities(text, { labels, threshold = 0.5 } = {}) {
    if (!(threshold > 0 && threshold < 1)) {
      throw new UserError(`The threshold ${threshold} is not between 0 and 1; 0.5 is usual.`);
    }
    const wanted = labels === undefined ? this.labels : chooseLabels(labels);
    const columns = this.findColumns(wanted);
    const words = splitWords(text);
    if (!words.length) return [];
    const { logits, width } = await this.score(cutWords(text, words), wanted);
    const odds = computeOdds(logits, width, columns);
    return decodeText(odds, wanted.length, { roles: this.roles, threshold }).map((span) => {
      const { start } = words[span.start];
      const { end } = words[span.end - 1];
      const label = wanted[span.label];
      return { start, end, text: text.slice(start, end), label, score: span.score };
    });
  }

  /**
   * The entities of each text; see `predictEntities`.
   *
   * @param {string[]} texts
   * @param {PredictOptions} [options]
   * @returns {Promise<Entity[][]>}
   */
  async batchPredictEntities(texts, options) {
    const found = [];
    for (const text of texts) found.push(await this.predictEntities(text, options));
    return found;
  }

  /**
   * Tag logits (words, width) of a text given as words; of a long one, window by window.
   *
   * @param {string[]} words
   * @param {readonly string[]} labels
   */
  async score(words, labels) {
    const labelInputs = this.isOpen ? this.buildLabels(labels) : {};
    let all = new Float32Array(0);
    let width = 0;
    for (const { first, last, keptFirst, keptLast } of cutWindows(words.length)) {
      const table = this.featurizer.buildTable(words.slice(first, last));
      const { logits } = await this.session.run({ ...buildWordInputs(table), ...labelInputs });
      const data = /** @type {Float32Array} */ (logits.data);
      width = logits.dims[2];
      if (!all.length) all = new Float32Array(words.length * width);
      const kept = data.subarray((keptFirst - first) * width, (keptLast - first) * width);
      all.set(kept, keptFirst * width);
    }
    return { logits: all, width };
  }

  /** @param {readonly string[]} labels */
  buildLabels(labels) {
    return buildLabelInputs(
      labels.map((label) =>
        cutWords(label, splitWords(label)).map((word) => this.featurizer.computeFeatures(word)),
      ),
    );
  }

  /**
   * Where the tags of labels stand in a row of logits.
   *
   * @param {readonly string[]} labels
   */
  findColumns(labels) {
    const width = this.roles ? ROLES : 1;
    return labels.flatMap((label, index) => {
      const place = this.isOpen ? index : this.labels.indexOf(label);
      if (place < 0) {
        throw new UserError(
          `This student does not know the label "${label}"; it knows: ${this.labels.join(", ")}. ` +
            "Distil one with the label, or an open one (bilstm-tower).",
        );
      }
      return Array.from({ length: width }, (_, role) => 1 + place * width + role);
    });
  }
}

/**
 * @param {Uint8Array} graph
 * @param {URL} address
 */
async function openGraph(graph, address) {
  // Threads need headers (COOP and COEP) that a plain file server does not send.
  env.wasm.numThreads = 1;
  env.wasm.wasmPaths = { wasm: new URL("./ort-wasm-simd-threaded.wasm", import.meta.url).href };
  env.logLevel = "error";
  try {
    return await InferenceSession.create(graph, { executionProviders: ["wasm"] });
  } catch (error) {
    const reason = String(error instanceof Error ? error.message : error).split("\n")[0];
    throw new UserError(`${address}model.onnx cannot be run (${reason}); export the student again.`);
  }
}

/**
 * The names sorted, each once, as the Python class takes them.
 *
 * @param {string[]} labels
 */
function chooseLabels(labels) {
  if (!Array.isArray(labels) || labels.some((label) => typeof label !== "string")) {
    throw new UserError('Labels are a list of names, as ["person", "city"].');
  }
  const names = [...new Set(labels.map(normalizeLabel))].sort();
  if (!names.length) throw new UserError("No labels were given; name at least one.");
  if (names.includes("")) throw new UserError("A label is empty; remove it.");
  return names;
}
