// Times as bars on one scale: with the CDN, without it, and the parts of a wait.
import { kindOf, signOf } from "./world-map.js";

const SVG = "http://www.w3.org/2000/svg";
const PARTS = { net: "net", edge: "part-edge", origin: "part-origin" };

export const wait = (ms) => (ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms.toFixed(ms < 100 ? 1 : 0)} ms`);
export const km = (n) => `${Math.round(n).toLocaleString("en")} km`;

export function line(parent, tag, text, kind) {
  const node = document.createElement(tag);
  node.textContent = text;
  if (kind) node.className = kind;
  parent.append(node);
  return node;
}

function bar(parts, whole) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 100 10");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  let x = 0;
  const rect = (kind, from, width) => {
    const node = document.createElementNS(SVG, "rect");
    for (const [name, value] of Object.entries({ class: kind, x: from, y: 0, width, height: 10 })) node.setAttribute(name, value);
    svg.append(node);
  };
  rect("track", 0, 100);
  for (const { kind, ms } of parts) {
    const width = Math.max((ms / whole) * 100, ms > 0 ? 0.8 : 0);
    rect(kind, x, width);
    x += width;
  }
  return svg;
}

// rows: [{name, ms, parts: [{kind, ms}], note}]
export function versus(box, rows) {
  box.textContent = "";
  const whole = Math.max(...rows.map((row) => row.ms), 1);
  for (const row of rows) {
    const item = line(box, "div", "");
    line(item, "span", row.name);
    item.append(bar(row.parts, whole));
    line(item, "span", wait(row.ms), "number");
    if (row.note) line(item, "small", row.note);
  }
  box.hidden = false;
}

// The parts of a wait through an edge, by Server-Timing's names.
export function timing(visit) {
  const spent = visit.timing ?? Object.fromEntries((visit.legs ?? []).map((leg) => [leg.name, leg.ms]));
  return Object.entries(PARTS).map(([name, kind]) => ({ name, kind, ms: spent[name] ?? 0 }));
}

export function verdict(result) {
  const badge = document.createElement("span");
  const kind = kindOf(result);
  badge.className = `badge ${kind === "error" ? "bad" : kind}`;
  badge.textContent = `${signOf(result)} ${result}`;
  return badge;
}
