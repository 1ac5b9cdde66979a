/** Word splitting, the same as `distilgliner.corpus.words`. */

// JavaScript's own \w and \s are not Python's: \w of Python is any letter or number of Unicode (no
// combining mark), and its white space has four separators and NEL more, and no byte order mark.
const WORD = "[\\p{L}\\p{N}_]";
const SPACES = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const WORDS = new RegExp(`${WORD}+(?:[-_]${WORD}+)*|[^${SPACES}]`, "gu");
const GAPS = new RegExp(`[${SPACES}]+`, "u");

/**
 * Split a text into words: runs of word characters, joined by single hyphens or underscores, are
 * one word; every other character that is not white space is a word of its own.
 *
 * @param {string} text
 * @returns {{start: number, end: number}[]} in order; offsets into the JavaScript string (UTF-16
 *   units), the end exclusive
 */
export function splitWords(text) {
  return Array.from(text.matchAll(WORDS), (match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/**
 * The name of a label without needless white space.
 *
 * @param {string} label
 */
export function normalizeLabel(label) {
  return label.split(GAPS).filter(Boolean).join(" ");
}
