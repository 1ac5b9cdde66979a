/** The inputs of a student's graph; their names and shapes are those of `distilgliner.runtime`. */
import { Tensor } from "onnxruntime-web/wasm";

/** @typedef {import("./features.js").WordFeatures} WordFeatures */
/** @typedef {import("./features.js").WordTable} WordTable */

/**
 * The words of one text, a batch of one: several texts together are hardly faster here.
 *
 * @param {WordTable} table
 * @returns {Record<string, Tensor>}
 */
export function buildWordInputs({ features, words }) {
  return {
    ...buildFeatureInputs("", features),
    words: buildIntegers([words]),
    lengths: new Tensor("int32", Int32Array.of(words.length), [1]),
  };
}

/**
 * The words of all C label names, one after the other, and what averages each name (C, W).
 *
 * @param {WordFeatures[][]} labels
 * @returns {Record<string, Tensor>}
 */
export function buildLabelInputs(labels) {
  const features = labels.flat();
  const means = new Float32Array(labels.length * features.length);
  let start = 0;
  labels.forEach((words, row) => {
    const first = row * features.length + start;
    means.fill(1 / words.length, first, first + words.length);
    start += words.length;
  });
  return {
    ...buildFeatureInputs("label_", features),
    label_means: new Tensor("float32", means, [labels.length, features.length]),
  };
}

/**
 * @param {string} prefix
 * @param {WordFeatures[]} features
 */
function buildFeatureInputs(prefix, features) {
  return {
    [`${prefix}subwords`]: buildIntegers(features.map((word) => word.subwords)),
    [`${prefix}affixes`]: buildIntegers(features.map((word) => word.affixes)),
    [`${prefix}shapes`]: new Tensor(
      "int64",
      BigInt64Array.from(features, (word) => BigInt(word.shape)),
      [features.length],
    ),
  };
}

/**
 * Rows of different lengths as one array, filled up with 0.
 *
 * @param {number[][]} rows
 */
function buildIntegers(rows) {
  const width = rows.reduce((most, row) => Math.max(most, row.length), 1);
  const values = new BigInt64Array(rows.length * width);
  rows.forEach((row, index) => {
    row.forEach((value, column) => {
      values[index * width + column] = BigInt(value);
    });
  });
  return new Tensor("int64", values, [rows.length, width]);
}
