/** Word splitting, the same as `distilgliner.corpus.words`. */

// JavaScript's own \w and \s are not Python's: \w of Python is any letter or number of Unicode (no
// combining mark), and its white space has four separators and NEL more, and no byte order mark.
const WORD = "\\p{L}\\p{N}_";
const SPACES = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
// What belongs to the character before it: marks, soft hyphens, joiners, skin tones, tags.
const EXTENDING = "\\p{M}\\xad\\u200c\\u200d\\u2060\\u{1f3fb}-\\u{1f3ff}\\u{e0020}-\\u{e007f}";
const LETTERS = `[${WORD}][${WORD}${EXTENDING}]*`;
const SYMBOL = `[^${SPACES}](?:\\u200d[^${WORD}${SPACES}${EXTENDING}]|[${EXTENDING}])*`;
const WORDS = new RegExp(`${LETTERS}(?:[-_]${LETTERS})*|${SYMBOL}`, "gu");
const GAPS = new RegExp(`[${SPACES}]+`, "u");
// Soft hyphens, word joiners and variation selectors change no word.
const UNSEEN = /[\xad\u2060\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;

/**
 * Split a text into words: runs of word characters, joined by single hyphens or underscores, are
 * one word; every other character that is not white space is a word of its own. Combining marks and
 * the like belong to the character before them.
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
 * The words themselves as a student reads them: in normal form C, without unseen characters.
 *
 * @param {string} text
 * @param {{start: number, end: number}[]} words
 */
export function cutWords(text, words) {
  return words.map(({ start, end }) => {
    const word = text.slice(start, end);
    return (word.replace(UNSEEN, "") || word).normalize("NFC");
  });
}

/**
 * The name of a label in normal form C, without needless white space.
 *
 * @param {string} label
 */
export function normalizeLabel(label) {
  return label.split(GAPS).filter(Boolean).join(" ").normalize("NFC");
}
