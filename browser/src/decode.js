/**
 * From the scores of tags to entities: exact constrained decoding, the same as
 * `distilgliner.student.decode`, a text at a time.
 *
 * The best tag sequence that is a flat segmentation is found by a Viterbi search: a word boundary is
 * either free (no entity open) or inside an entity of one label, so a step costs O(C).
 */

export const ROLES = 4;
const [BEGIN, INSIDE, END, SINGLE] = [0, 1, 2, 3];

/**
 * @typedef {object} WordSpan
 * @property {number} start the first word
 * @property {number} end behind the last word
 * @property {number} label its index
 * @property {number} score
 */

/**
 * Each word's scores relative to those of O: what a tag is worth more than no entity.
 *
 * @param {Float32Array} logits (words, width)
 * @param {number} width tags in a row, O first
 * @param {number[]} columns which tags to keep, in this order
 * @returns {Float64Array} (words, columns)
 */
export function computeOdds(logits, width, columns) {
  const wordCount = logits.length / width;
  const odds = new Float64Array(wordCount * columns.length);
  for (let word = 0; word < wordCount; word += 1) {
    const row = word * width;
    columns.forEach((column, index) => {
      odds[word * columns.length + index] = logits[row + column] - logits[row];
    });
  }
  return odds;
}

/**
 * The entities of one text, each of which scores above the threshold.
 *
 * @param {Float64Array} odds (words, columns) as `computeOdds` gives them
 * @param {number} labelCount
 * @param {{roles: boolean, threshold: number}} options
 * @returns {WordSpan[]} in order
 */
export function decodeText(odds, labelCount, { roles, threshold }) {
  const outside = Math.log(threshold / (1 - threshold));
  const search = roles ? searchSegmentation : searchRuns;
  return search(odds, labelCount, outside).map(([start, end, label]) => ({
    start,
    end,
    label,
    score: computeScore(odds, labelCount, [start, end, label], roles),
  }));
}

/**
 * sigmoid of the mean log-odds of an entity's words.
 *
 * @param {Float64Array} odds
 * @param {number} labelCount
 * @param {number[]} span
 * @param {boolean} roles
 */
function computeScore(odds, labelCount, [start, end, label], roles) {
  let total = 0;
  for (let word = start; word < end; word += 1) {
    if (roles) {
      const role =
        end - start === 1 ? SINGLE : word === start ? BEGIN : word === end - 1 ? END : INSIDE;
      total += odds[(word * labelCount + label) * ROLES + role];
    } else {
      total += odds[word * labelCount + label];
    }
  }
  return 1 / (1 + Math.exp(-total / (end - start)));
}

/**
 * Viterbi over flat segmentations.
 *
 * @param {Float64Array} odds (words, 4 · labels)
 * @param {number} labelCount
 * @param {number} outside what O is worth
 * @returns {number[][]} start, end and label of each entity
 */
function searchSegmentation(odds, labelCount, outside) {
  const wordCount = odds.length / (labelCount * ROLES);
  const single = new Int32Array(wordCount).fill(-1); // the label of a word alone, −1: O
  const endedBy = new Int32Array(wordCount).fill(-1); // the label that ends here, −1: word alone
  const beganAt = new Uint8Array(wordCount * labelCount); // the open entity begins here
  const inside = new Float64Array(labelCount).fill(-Infinity);
  let free = 0;
  for (let word = 0; word < wordCount; word += 1) {
    let alone = outside;
    let ended = -Infinity;
    let endedLabel = -1;
    for (let label = 0; label < labelCount; label += 1) {
      const row = (word * labelCount + label) * ROLES;
      if (odds[row + SINGLE] > alone) {
        alone = odds[row + SINGLE];
        single[word] = label;
      }
      if (inside[label] + odds[row + END] > ended) {
        ended = inside[label] + odds[row + END];
        endedLabel = label;
      }
      const began = free + odds[row + BEGIN];
      const stayed = inside[label] + odds[row + INSIDE];
      beganAt[word * labelCount + label] = Number(began >= stayed);
      inside[label] = Math.max(began, stayed);
    }
    if (ended > free + alone) {
      endedBy[word] = endedLabel;
      free = ended;
    } else {
      free += alone;
    }
  }
  return traceBack(single, endedBy, beganAt, labelCount);
}

/**
 * Follow the back pointers from the last word to the first.
 *
 * @param {Int32Array} single
 * @param {Int32Array} endedBy
 * @param {Uint8Array} beganAt
 * @param {number} labelCount
 */
function traceBack(single, endedBy, beganAt, labelCount) {
  const spans = [];
  let word = endedBy.length - 1;
  while (word >= 0) {
    const label = endedBy[word];
    if (label >= 0) {
      let start = word - 1;
      while (!beganAt[start * labelCount + label]) start -= 1;
      spans.push([start, word + 1, label]);
      word = start - 1;
    } else {
      if (single[word] >= 0) spans.push([word, word + 1, single[word]]);
      word -= 1;
    }
  }
  return spans.reverse();
}

/**
 * The best label of each word on its own; runs of one label are entities.
 *
 * @param {Float64Array} odds (words, labels)
 * @param {number} labelCount
 * @param {number} outside what O is worth
 * @returns {number[][]} start, end and label of each entity
 */
function searchRuns(odds, labelCount, outside) {
  const wordCount = odds.length / labelCount;
  /** @type {number[][]} */
  const spans = [];
  for (let word = 0; word < wordCount; word += 1) {
    let best = outside;
    let label = -1;
    for (let candidate = 0; candidate < labelCount; candidate += 1) {
      if (odds[word * labelCount + candidate] > best) {
        best = odds[word * labelCount + candidate];
        label = candidate;
      }
    }
    if (label < 0) continue;
    const last = spans.at(-1);
    if (last && last[1] === word && last[2] === label) last[1] = word + 1;
    else spans.push([word, word + 1, label]);
  }
  return spans;
}
