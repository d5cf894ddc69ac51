// The map page: lets visitors arrive, asks every second what happened, shows it on map, panel and table.
import { WorldMap } from "./world-map.js";
import { timing, verdict, versus, km } from "./versus.js";

const box = document.getElementById("visitors");
const data = JSON.parse(document.getElementById("map-data").textContent);
const canvas = document.getElementById("world");
const panel = document.getElementById("panel");
const rows = document.getElementById("rows");
const problem = document.getElementById("location-problem");
const place = document.getElementById("location");
const path = document.getElementById("path");
const runLine = document.getElementById("run");
const live = document.getElementById("live");
let cursor = data.cursor;
let mine = null;
let map = null;
let busy = false;

if (canvas) {
  map = new WorldMap(canvas);
  map.showEdges(data.edges);
  map.showOrigin(data.origin);
  for (const visit of data.visits.slice(-60)) map.showVisit(visit, { origin: visit.origin });
  map.onPick(({ latitude, longitude }) => {
    place.value = `${latitude.toFixed(2)},${longitude.toFixed(2)}`;
    arrive();
  });
}
if (panel && data.visits.length) describe(data.visits.at(-1));

async function post(url, fields) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "X-CSRFToken": document.body.dataset.csrf },
    body: new URLSearchParams({ distribution: data.distribution, ...fields }),
  });
  return { ok: answer.ok, body: await answer.json() };
}

function refuse(message) {
  problem.textContent = message;
  problem.hidden = !message;
  place.setAttribute("aria-invalid", message ? "true" : "false");
}

async function arrive() {
  const { ok, body } = await post(box.dataset.visit, { location: place.value, path: path.value });
  refuse(ok ? "" : body.message);
  if (!ok) return;
  mine = body.request_id;
  await look();
}

function line(parent, tag, text, kind) {
  const node = document.createElement(tag);
  node.textContent = text;
  if (kind) node.className = kind;
  parent.append(node);
  return node;
}

function describe(visit) {
  panel.textContent = "";
  const head = document.createElement("header");
  line(head, "h2", `${visit.city} → ${visit.pop}`);
  head.append(verdict(visit.result));
  panel.append(head);
  line(panel, "p", `${visit.path}, status ${visit.status}${visit.age === null ? "" : `, age ${visit.age} s`}`, "small muted wrap");
  line(panel, "h3", "Time to the first byte");
  const bars = line(panel, "div", "", "versus");
  versus(bars, [
    { name: "with the CDN", ms: visit.ttfb_ms, parts: timing(visit) },
    { name: "without", ms: visit.direct_ms, parts: [{ kind: "direct", ms: visit.direct_ms }] },
  ]);
  const legs = line(panel, "ul", "", "small muted");
  for (const leg of visit.legs) line(legs, "li", `${leg.name}: ${leg.ms} ms, ${leg.detail}`);
  line(panel, "p", `Straight to the origin it is ${km(visit.origin.visitor_km)}, to the edge ${km(visit.distance_km)}.`, "small");
  line(panel, "h3", "Why this edge");
  line(panel, "p", visit.why_edge, "small");
  line(panel, "h3", `Why a ${visit.result.toLowerCase()}`);
  line(panel, "p", visit.reason, "small");
  const more = line(panel, "p", "", "small");
  const link = line(more, "a", "Every decision of this request");
  link.href = `/requests/${encodeURIComponent(visit.request_id)}`;
}

function addRow(visit) {
  if (rows.firstElementChild?.children.length === 1) rows.textContent = "";
  const row = document.createElement("tr");
  const cell = (text, kind) => line(row, "td", text, kind);
  cell(visit.at);
  cell(visit.country_code ? `${visit.city}, ${visit.country_code}` : visit.city);
  cell(visit.path, "wrap");
  cell(`${visit.pop}, ${visit.edge.city}`);
  cell("").append(verdict(visit.result));
  cell(`${visit.ttfb_ms.toFixed(1)} ms`, "number");
  cell(`${visit.direct_ms.toFixed(1)} ms`, "number");
  cell(visit.reason, "small");
  rows.prepend(row);
  while (rows.children.length > 200) rows.lastChild.remove();
}

function tell(run) {
  const states = { queued: "waiting for a worker", running: "on their way", done: "all arrived", failed: run.error };
  runLine.textContent = `${run.sent} of ${run.visitors} visitors: ${states[run.state]}.`;
  document.getElementById("send").disabled = run.state === "queued" || run.state === "running";
}

async function look() {
  if (busy) return;
  busy = true;
  try {
    const answer = await fetch(`${box.dataset.visits}?${new URLSearchParams({ distribution: data.distribution, after: cursor })}`);
    if (!answer.ok) return;
    const news = await answer.json();
    if (cursor !== 0 || news.visits.length) {
      for (const visit of news.visits) {
        if (map) map.showVisit(visit, { origin: visit.origin, most: 250 });
        if (rows) addRow(visit);
      }
    }
    const shown = news.visits.find((visit) => visit.request_id === mine) ?? news.visits.at(-1);
    if (shown && panel) describe(shown);
    if (shown) live.textContent = `${shown.city}: ${shown.result} at ${shown.pop}`;
    if (news.run && (news.run.state !== "done" || runLine.textContent)) tell(news.run);
    cursor = news.cursor;
  } finally {
    busy = false;
  }
}

document.getElementById("visit").addEventListener("click", arrive);
place.addEventListener("keydown", (event) => { if (event.key === "Enter") arrive(); });
document.getElementById("send").addEventListener("click", async (event) => {
  event.target.disabled = true;
  runLine.textContent = "Sending ...";
  const { ok, body } = await post(box.dataset.send, { visitors: 500, path: "" });
  if (!ok) { runLine.textContent = body.message; event.target.disabled = false; }
});
setInterval(() => { if (!document.hidden) look(); }, 1000);
