/** What the page shows, as DOM; no state of its own. */

/** @typedef {import("./model.js").Entity} Entity */

/**
 * The hue (degrees) of a label; neighbours in the list lie far apart on the colour circle, as in the
 * reports.
 *
 * @param {number} index
 */
export function computeHue(index) {
  return Math.round(212 + 137.5 * index) % 360;
}

/**
 * The text with its entities highlighted.
 *
 * @param {HTMLElement} place
 * @param {string} text
 * @param {Entity[]} entities
 * @param {(label: string) => number} findHue
 */
export function showSentence(place, text, entities, findHue) {
  /** @type {(Node | string)[]} */
  const parts = [];
  let shown = 0;
  for (const entity of entities) {
    const mark = build("mark", "entity", entity.text);
    mark.style.setProperty("--hue", String(findHue(entity.label)));
    mark.title = `${entity.label}, ${entity.score.toFixed(3)}`;
    mark.append(build("span", "tag", entity.label));
    parts.push(text.slice(shown, entity.start), mark);
    shown = entity.end;
  }
  place.replaceChildren(...parts, text.slice(shown));
}

/**
 * A row for every entity.
 *
 * @param {HTMLElement} place
 * @param {Entity[]} entities
 * @param {(label: string) => number} findHue
 */
export function showTable(place, entities, findHue) {
  const rows = entities.map((entity) => {
    const row = document.createElement("tr");
    row.style.setProperty("--hue", String(findHue(entity.label)));
    const label = document.createElement("td");
    label.append(build("span", "tag", entity.label));
    const score = build("td", "score");
    const meter = build("span", "meter");
    const bar = document.createElement("i");
    bar.style.width = `${100 * entity.score}%`;
    meter.append(bar);
    score.append(meter, entity.score.toFixed(2));
    row.append(build("td", "", entity.text), label, score);
    return row;
  });
  if (!rows.length) {
    const row = document.createElement("tr");
    const cell = build("td", "nothing", "none");
    cell.setAttribute("colspan", "3");
    row.append(cell);
    rows.push(row);
  }
  place.replaceChildren(...rows);
}

/**
 * A button for every label, pressed where it is looked for.
 *
 * @param {HTMLElement} place
 * @param {{label: string, chosen: boolean, count: number, hue: number}[]} chips
 * @param {(label: string) => void} toggle
 */
export function showChips(place, chips, toggle) {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.label;
  const buttons = chips.map(({ label, chosen, count, hue }) => {
    const button = build("button", "chip", label);
    button.setAttribute("type", "button");
    button.setAttribute("aria-pressed", String(chosen));
    button.dataset.label = label;
    button.style.setProperty("--hue", String(hue));
    if (count) button.append(build("span", "found-count", String(count)));
    button.addEventListener("click", () => toggle(label));
    return button;
  });
  place.replaceChildren(...buttons);
  buttons.find((button) => button.dataset.label === focused)?.focus();
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {string} [text]
 */
function build(tag, className, text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}
