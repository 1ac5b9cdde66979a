/** The live demo: type text, choose labels and a threshold, see the entities. */
import { UserError, openModel } from "./model.js";
import { computeHue, showChips, showSentence, showTable } from "./view.js";

const byId = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
/** @type {Map<string, boolean>} every label on the page, and whether it is looked for */
const labels = new Map();
/** @type {import("./model.js").Model} */
let model;
let isRunning = false;
let isStale = false;

start().catch(showError);

async function start() {
  model = await openModel();
  for (const label of model.labels) labels.set(label, true);
  describeModel();
  byId("text").addEventListener("input", refresh);
  byId("threshold").addEventListener("input", refresh);
  byId("new-label").addEventListener("submit", addLabel);
  await refresh(); // the first run also warms up
  refresh();
}

function describeModel() {
  const known = model.isOpen
    ? "It looks for any label that you name."
    : `It knows ${model.labels.length} labels.`;
  byId("byline").textContent = `${model.place} ${known}`;
  byId("new-label").hidden = !model.isOpen;
  byId("labels-note").textContent = model.isOpen ? "A label that you added goes when clicked." : "";
}

/** @param {Event} event */
function addLabel(event) {
  event.preventDefault();
  const input = byId("new-label").elements.label;
  for (const name of input.value.split(",")) {
    const label = name.trim().replace(/\s+/g, " ");
    if (label) labels.set(label, true);
  }
  input.value = "";
  refresh();
}

/** @param {string} label */
function toggleLabel(label) {
  if (model.labels.includes(label)) labels.set(label, !labels.get(label));
  else labels.delete(label);
  refresh();
}

/** Show the entities of what is on the page now; a run under way is followed by another. */
async function refresh() {
  isStale = true;
  if (isRunning) return;
  isRunning = true;
  try {
    while (isStale) {
      isStale = false;
      await findAndShow();
    }
  } catch (error) {
    showError(error);
  } finally {
    isRunning = false;
  }
}

async function findAndShow() {
  const text = byId("text").value;
  const threshold = Number(byId("threshold").value);
  const chosen = [...labels].filter(([, isChosen]) => isChosen).map(([label]) => label);
  const began = performance.now();
  const entities = chosen.length
    ? await model.predictEntities(text, { labels: chosen, threshold })
    : [];
  show(text, entities, performance.now() - began);
  byId("threshold-value").textContent = threshold.toFixed(2);
  byId("error").hidden = true;
  // Lets the browser draw before the next run of a long text.
  await new Promise((resolve) => requestAnimationFrame(resolve));
}

/**
 * @param {string} text
 * @param {import("./model.js").Entity[]} entities
 * @param {number} milliseconds
 */
function show(text, entities, milliseconds) {
  const order = [...labels.keys()];
  const findHue = (/** @type {string} */ label) => computeHue(order.indexOf(label));
  const counts = new Map();
  for (const { label } of entities) counts.set(label, (counts.get(label) ?? 0) + 1);
  showSentence(byId("sentence"), text, entities, findHue);
  showTable(byId("entities"), entities, findHue);
  const chips = order.map((label) => ({
    label,
    chosen: labels.get(label) === true,
    count: counts.get(label) ?? 0,
    hue: findHue(label),
  }));
  showChips(byId("labels"), chips, toggleLabel);

  const words = text.match(/\S+/g)?.length ?? 0;
  byId("time").textContent = milliseconds.toFixed(milliseconds < 10 ? 1 : 0);
  byId("words").textContent = words.toLocaleString("en");
  byId("words-note").textContent = `${text.length.toLocaleString("en")} characters`;
  byId("count").textContent = entities.length.toLocaleString("en");
  byId("count-unit").textContent = entities.length === 1 ? "entity" : "entities";
  byId("count-note").textContent = `of ${counts.size} ${counts.size === 1 ? "label" : "labels"}`;
}

/** @param {unknown} error */
function showError(error) {
  byId("error").hidden = false;
  byId("error").textContent =
    error instanceof UserError ? error.message : `Something went wrong: ${error}`;
  if (!model) byId("sentence").textContent = "";
  if (!(error instanceof UserError)) throw error;
}
