/** The model behind the page: that of its server. `browser/src/model.js` is the one without. */

/**
 * @typedef {object} Entity
 * @property {number} start offset into the JavaScript string (UTF-16 units)
 * @property {number} end the same, exclusive: `text.slice(start, end)` is the entity
 * @property {string} text
 * @property {string} label
 * @property {number} score between the threshold and 1
 */

/**
 * @typedef {object} Model
 * @property {readonly string[]} labels those of its own
 * @property {boolean} isOpen whether it looks for others too
 * @property {string} place a sentence that says where it runs
 * @property {(text: string, options: {labels: string[], threshold: number}) => Promise<Entity[]>} predictEntities
 */

/** What the reader of the page can fix; the message is one sentence. */
export class UserError extends Error {}

/** @returns {Promise<Model>} */
export async function openModel() {
  const { model, labels, is_open: isOpen } = await ask("model");
  const name = model.split("/").at(-1);
  const place = `Answers come from the model “${name}”, on the server of this page.`;
  return { labels, isOpen, place, predictEntities };
}

/**
 * @param {string} text
 * @param {{labels: string[], threshold: number}} options
 */
async function predictEntities(text, options) {
  const { entities } = await ask("gliner", { text, ...options });
  return findUnits(text, entities);
}

/**
 * The JSON that the server answers.
 *
 * @param {string} path
 * @param {object} [question] sent as JSON; without one it is a GET
 */
async function ask(path, question) {
  const headers = { "Content-Type": "application/json" };
  const sent = question && { method: "POST", headers, body: JSON.stringify(question) };
  let response;
  try {
    response = await fetch(path, sent);
  } catch {
    throw new UserError("The server does not answer; is it still running?");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new UserError(answer.error ?? `The server says ${response.status}.`);
  return answer;
}

/**
 * Entities whose offsets are in UTF-16 units, from those in code points.
 *
 * @param {string} text
 * @param {Entity[]} entities
 */
function findUnits(text, entities) {
  const units = [0];
  for (const character of text) units.push(units[units.length - 1] + character.length);
  return entities.map((entity) => ({
    ...entity,
    start: units[entity.start],
    end: units[entity.end],
  }));
}
