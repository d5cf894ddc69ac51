// One object's page: the preview of a CSV as a table, rows of tags that grow, the link that was just made.
import "./ask.js";
import "./pairs.js";
import { rowsOf } from "./csv.js";

const MOST_ROWS = 200;
const table = document.getElementById("csv");
const text = document.getElementById("preview-text");

function cell(name, value) {
  const made = document.createElement(name);
  made.textContent = value;
  if (name === "th") made.scope = "col";
  return made;
}

async function preview() {
  const answer = await fetch(table.dataset.from);
  if (!answer.ok) return;
  const bytes = await answer.arrayBuffer();
  const rows = rowsOf(new TextDecoder().decode(bytes), table.dataset.separator === "tab" ? "\t" : null, MOST_ROWS + 1);
  if (!rows.length) return;
  const made = document.createElement("table");
  made.className = "table";
  const head = document.createElement("thead");
  const line = document.createElement("tr");
  line.append(...rows[0].map((value) => cell("th", value)));
  head.append(line);
  const body = document.createElement("tbody");
  for (const row of rows.slice(1)) {
    const one = document.createElement("tr");
    one.append(...row.map((value) => cell("td", value)));
    if (row.every((value) => value === "" || !Number.isNaN(Number(value)))) one.className = "numbers";
    body.append(one);
  }
  made.append(head, body);
  table.replaceChildren(made);
  show("table");
}

function show(what) {
  table.hidden = what !== "table";
  text.hidden = what === "table";
  for (const button of document.querySelectorAll("[data-csv]")) button.setAttribute("aria-pressed", button.dataset.csv === what);
}

if (table) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-csv]");
    if (button) show(button.dataset.csv);
  });
  preview();
}
document.getElementById("link")?.focus();
