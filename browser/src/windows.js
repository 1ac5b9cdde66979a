/**
 * Long texts in overlapping windows, the same as `distilgliner.student.windows`: a student was
 * trained on texts of such a size, and an LSTM may carry a state over thousands of words.
 */

const WINDOW_WORDS = 512;
const CONTEXT_WORDS = 64;

/**
 * @typedef {object} Window words `first` … `last` − 1 are read, `keptFirst` … `keptLast` − 1 scored
 * @property {number} first
 * @property {number} last
 * @property {number} keptFirst
 * @property {number} keptLast
 */

/**
 * Windows whose kept words are every word once, in order.
 *
 * @param {number} wordCount
 * @returns {Window[]}
 */
export function cutWindows(wordCount) {
  if (wordCount <= WINDOW_WORDS) {
    return [{ first: 0, last: wordCount, keptFirst: 0, keptLast: wordCount }];
  }
  const windows = [];
  let keptFirst = 0;
  while (keptFirst < wordCount) {
    const first = Math.max(0, keptFirst - CONTEXT_WORDS);
    const last = Math.min(first + WINDOW_WORDS, wordCount);
    const step = WINDOW_WORDS - 2 * CONTEXT_WORDS;
    const keptLast =
      last === wordCount ? wordCount : Math.max(keptFirst + step, last - CONTEXT_WORDS);
    windows.push({ first, last, keptFirst, keptLast });
    keptFirst = keptLast;
  }
  return windows;
}
