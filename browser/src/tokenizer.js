/**
 * Subwords of a word, by any `tokenizer.json`.
 *
 * `@huggingface/tokenizers` is made of other parts than the Rust library that Python uses, and some
 * of them cut differently. Where that is so, the description of the tokenizer is rewritten into
 * parts that both understand the same way; what cannot be rewritten is refused, for wrong subwords
 * would go unnoticed.
 */
import { Tokenizer } from "@huggingface/tokenizers";

import { UserError } from "./errors.js";

const RUST_WORD = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\u200c\u200d"; // what \w is in Rust
const PUNCTUATION = "\\p{P}!-/:-@\\[-`{-~";
// The package looks for ideographs in 16-bit units and so finds none of these.
const ASTRAL_IDEOGRAPHS = "[\u{20000}-\u{2a6df}\u{2a700}-\u{2ceaf}\u{2f800}-\u{2fa1f}]";
const LONE_SURROGATES = /\p{Cs}/gu;

/**
 * @param {any} description the content of a `tokenizer.json`
 * @returns {(word: string) => number[]} from a word to the ids of its subwords
 * @throws {UserError} when the tokenizer has a part that does not run in the browser
 */
export function buildTokenizer(description) {
  let tokenizer;
  try {
    tokenizer = new Tokenizer(rewriteTokenizer(description), {});
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `The student's tokenizer.json cannot be used in the browser (${firstLine(error)}); ` +
        "distil it from a teacher with another tokenizer.",
    );
  }
  // Half a character is no text for a tokenizer; Python writes "?" as well.
  return (word) =>
    tokenizer.encode(word.replace(LONE_SURROGATES, "?"), { add_special_tokens: false }).ids;
}

/** @param {any} description */
function rewriteTokenizer(description) {
  return {
    ...description,
    normalizer: rewriteNormalizer(description.normalizer),
    pre_tokenizer: rewritePreTokenizer(description.pre_tokenizer),
    post_processor: null, // Adds only special tokens, which a word has none of.
    decoder: null,
    model: rewriteModel(description.model),
  };
}

/** @param {any} normalizer */
function rewriteNormalizer(normalizer) {
  switch (normalizer?.type) {
    case "Sequence":
      return { ...normalizer, normalizers: normalizer.normalizers.map(rewriteNormalizer) };
    case "Replace": // The package takes $ for a reference to the match.
      return { ...normalizer, content: normalizer.content.replaceAll("$", "$$$$") };
    case "Lowercase":
      return sequence(LOWER_SIGMA, normalizer);
    case "BertNormalizer":
      return sequence(
        ...(normalizer.lowercase ? [LOWER_SIGMA] : []),
        ...(normalizer.handle_chinese_chars ? [SPACED_IDEOGRAPHS] : []),
        normalizer,
      );
    default:
      return normalizer ?? null;
  }
}

// JavaScript lower-cases a sigma at the end of a word to ς, Rust, letter by letter, to σ.
const LOWER_SIGMA = { type: "Replace", pattern: { String: "Σ" }, content: "σ" };
const SPACED_IDEOGRAPHS = {
  type: "Replace",
  pattern: { Regex: ASTRAL_IDEOGRAPHS },
  content: " $& ",
};

/** @param {any[]} normalizers */
function sequence(...normalizers) {
  return { type: "Sequence", normalizers };
}

/** @param {any} part */
function rewritePreTokenizer(part) {
  switch (part?.type) {
    case "Sequence":
      return { ...part, pretokenizers: part.pretokenizers.map(rewritePreTokenizer) };
    case "Whitespace": // The package knows ASCII words only.
      return {
        ...isolate(`[${RUST_WORD}]+|[^${RUST_WORD}\\s]+`),
        behavior: "Removed",
        invert: true,
      };
    case "Digits":
      return isolate(part.individual_digits ? "\\p{N}" : "\\p{N}+");
    case "Punctuation":
      requireBehavior(part, ["Isolated"]);
      return isolate(`[${PUNCTUATION}]`);
    case "Split":
      requireBehavior(part, ["Isolated", "Removed"]);
      return part.behavior === "Isolated" ? { ...part, invert: false } : part;
    default:
      return part ?? null;
  }
}

/**
 * Each match of `pattern` is a piece, and so is what stands between matches.
 *
 * @param {string} pattern
 */
function isolate(pattern) {
  return { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false };
}

/** @param {any} part @param {string[]} known */
function requireBehavior(part, known) {
  if (!known.includes(part.behavior)) {
    throw new Error(`${part.type} with the behavior ${part.behavior}`);
  }
}

/** @param {any} model */
function rewriteModel(model) {
  if (model.type === "WordLevel") {
    // A word piece that may only be a whole word: nothing goes on with a prefix no entry has.
    return {
      ...model,
      type: "WordPiece",
      continuing_subword_prefix: "\0",
      max_input_chars_per_word: Infinity,
    };
  }
  if (model.type === "BPE" && model.continuing_subword_prefix) {
    throw new Error("BPE with a continuing_subword_prefix");
  }
  if (model.type === "Unigram" && model.byte_fallback) {
    throw new Error("Unigram with byte_fallback");
  }
  return model;
}

/** @param {unknown} error */
function firstLine(error) {
  return String(error instanceof Error ? error.message : error).split("\n")[0];
}
