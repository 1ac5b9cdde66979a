/**
 * Features of words, computed once per distinct word and kept; the same as
 * `distilgliner.student.features`.
 */
import { computeCrc32 } from "./hash.js";

const MAX_SUBWORDS = 8;
// Characters of a word that are cut into subwords, as in Python: of a longer one the beginning.
const MAX_TOKENIZED = 256;
const UNKNOWN_ROW = 1;
const FIRST_SUBWORD_ROW = 2;
const AFFIX_LENGTHS = [1, 2, 3, 4];
const SHAPE_CHARACTERS = 40;
const KEPT_WORDS = 65_536;
const KEPT_CHARACTERS = 64; // longer words are hardly ever met again

// Python's str.isdigit() is true for more than decimal numbers: superscripts, circled digits …
const DIGIT =
  /[\p{Nd}²³¹\u1369-\u1371\u19da\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u2474-\u247c\u2488-\u2490\u24ea\u24f5-\u24fd\u24ff\u2776-\u277e\u2780-\u2788\u278a-\u2792\u{10a40}-\u{10a43}\u{10e60}-\u{10e68}\u{11052}-\u{1105a}\u{1f100}-\u{1f10a}]/u;
const UPPER = /\p{Uppercase}/u;
const LETTER = /\p{L}/u;
const RUNS = /(.)\1{2,}/gsu;

/**
 * @typedef {object} WordFeatures
 * @property {number[]} subwords rows of the subword table, from 1 to 8 of them
 * @property {number[]} affixes hash buckets
 * @property {number} shape a hash bucket
 */

/**
 * @typedef {object} WordTable the words of a text over its U distinct words
 * @property {WordFeatures[]} features of the U words
 * @property {number[]} words for each word of the text, its index among the U
 */

/** Turns words into features. */
export class WordFeaturizer {
  /**
   * @param {(word: string) => number[]} tokenize
   * @param {{subwordCount: number, affixBuckets: number, shapeBuckets: number}} sizes
   */
  constructor(tokenize, sizes) {
    this.tokenize = tokenize;
    this.sizes = sizes;
    /** @type {Map<string, WordFeatures>} */
    this.known = new Map();
  }

  /**
   * @param {string[]} text its words
   * @returns {WordTable}
   */
  buildTable(text) {
    /** @type {Map<string, number>} */
    const numbers = new Map();
    const words = text.map((word) => {
      const number = numbers.get(word) ?? numbers.size;
      numbers.set(word, number);
      return number;
    });
    return { features: Array.from(numbers.keys(), (word) => this.computeFeatures(word)), words };
  }

  /**
   * @param {string} word
   * @returns {WordFeatures}
   */
  computeFeatures(word) {
    let features = this.known.get(word);
    if (!features) {
      if (this.known.size >= KEPT_WORDS) this.known.clear();
      features = {
        subwords: this.findSubwords(word),
        affixes: computeAffixes(word, this.sizes.affixBuckets),
        shape: computeCrc32(describeShape(word)) % this.sizes.shapeBuckets,
      };
      if (word.length <= KEPT_CHARACTERS) this.known.set(word, features);
    }
    return features;
  }

  /** @param {string} word */
  findSubwords(word) {
    // A word has as many UTF-16 units as characters, or more.
    const start =
      word.length > MAX_TOKENIZED ? Array.from(word).slice(0, MAX_TOKENIZED).join("") : word;
    const rows = this.tokenize(start)
      .slice(0, MAX_SUBWORDS)
      .map((id) => (id < this.sizes.subwordCount ? id + FIRST_SUBWORD_ROW : UNKNOWN_ROW));
    return rows.length ? rows : [UNKNOWN_ROW];
  }
}

/**
 * Hash buckets (1 … buckets − 1) of the lower-cased word, its prefixes and its suffixes. Lengths are
 * in characters, not in UTF-16 units.
 *
 * @param {string} word
 * @param {number} buckets
 */
export function computeAffixes(word, buckets) {
  const chars = Array.from(word.toLowerCase());
  const parts = [`=${chars.join("")}`];
  for (const length of AFFIX_LENGTHS) {
    if (length < chars.length) {
      parts.push(`<${chars.slice(0, length).join("")}`, `>${chars.slice(-length).join("")}`);
    }
  }
  return parts.map((part) => (buckets > 1 ? 1 + (computeCrc32(part) % (buckets - 1)) : 0));
}

/**
 * The shape of a word: X upper case, x lower case, d digit, others themselves; runs end at two.
 *
 * @param {string} word
 */
export function describeShape(word) {
  return Array.from(word)
    .slice(0, SHAPE_CHARACTERS)
    .map((char) =>
      DIGIT.test(char) ? "d" : UPPER.test(char) ? "X" : LETTER.test(char) ? "x" : char,
    )
    .join("")
    .replace(RUNS, "$1$1");
}
