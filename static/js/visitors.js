// The map page: lets visitors arrive, asks every second what happened, shows it on map, panel, table and figures.
// Nothing is asked while the page is hidden.
import { WorldMap } from "./world-map.js";
import { km, line, timing, verdict, versus, wait } from "./versus.js";

const box = document.getElementById("visitors");
const data = JSON.parse(document.getElementById("map-data").textContent);
const part = (id) => document.getElementById(id);
const [panel, rows, edges, latest, live] = ["panel", "rows", "edges", "latest", "live"].map(part);
const [place, path, runLine] = ["location", "path", "run"].map(part);
const NAMES = { net: "Network to the edge", edge: "The edge's own work", origin: "Fetched from the origin" };
const FEW = 4; // visits at a time whose way is shown; of more, only the arcs
const LATEST = 8;
const STATES = { queued: "waiting for a worker", running: "on their way", done: "all arrived" };
let cursor = data.cursor;
let mine = null; // the request of the visitor that was let in here, to show when it appears
let watched = null; // the run whose progress is shown
let map = null;
let busy = false;

if (part("world")) {
  map = new WorldMap(part("world"));
  map.showEdges(data.edges);
  if (matchMedia("(max-width: 40rem)").matches) map.view.fill(map.at(data.visits.at(-1) ?? data.origin));
  map.showOrigin(data.origin);
  for (const visit of data.visits.slice(-60)) map.showVisit(visit, { origin: visit.origin });
  map.onPick(({ latitude, longitude }) => {
    place.value = `${latitude.toFixed(2)},${longitude.toFixed(2)}`;
    arrive();
  });
}
if (latest) data.visits.slice(-LATEST).forEach(remember);
if (panel && data.visits.length) describe(data.visits.at(-1));

async function post(url, fields) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "X-CSRFToken": document.body.dataset.csrf, Accept: "application/json" },
    body: new URLSearchParams({ distribution: data.distribution, ...fields }),
  });
  const spoken = answer.headers.get("content-type")?.includes("json");
  if (answer.ok && spoken) return answer.json();
  if (spoken) throw await answer.json();
  throw { message: answer.status === 403 ? "This is somebody else's lab: look, but do not touch." : "The console did not answer. Reload the page." };
}

function refuse(field, message = "") {
  const problem = part(`${field}-problem`);
  problem.textContent = message;
  problem.hidden = !message;
  part(field === "visitors" ? "count" : field).setAttribute("aria-invalid", message ? "true" : "false");
}

async function arrive() {
  refuse("location");
  try {
    mine = (await post(box.dataset.visit, { location: place.value, path: path.value })).request_id;
    await look();
  } catch (problem) {
    refuse("location", problem.message);
  }
}

async function send() {
  refuse("visitors");
  part("send").disabled = true;
  try {
    watched = (await post(box.dataset.send, { visitors: part("count").value })).run;
    part("run-box").hidden = false;
    runLine.textContent = "Waiting for a worker.";
  } catch (problem) {
    refuse("visitors", problem.message);
    part("send").disabled = false;
  }
}

// -- one visit in the panel ------------------------------------------------------------------------

function describe(visit) {
  panel.textContent = "";
  const head = line(panel, "header", "");
  line(head, "h2", `${visit.city} → ${visit.edge.city} (${visit.pop})`);
  head.append(verdict(visit.result));
  const age = visit.age === null ? "" : `, in the cache for ${visit.age} s`;
  line(panel, "p", `${visit.path}, status ${visit.status}${age}`, "small muted wrap");
  line(panel, "h3", "Time to the first byte");
  versus(line(panel, "div", "", "versus"), [
    { name: "with the CDN", ms: visit.ttfb_ms, parts: timing(visit), note: visit.distance_km < 2 ? "the edge is in the same city" : `the edge is ${km(visit.distance_km)} away` },
    { name: "without it", ms: visit.direct_ms, parts: [{ kind: "direct", ms: visit.direct_ms }], note: `the origin in ${visit.origin.region} is ${km(visit.origin.visitor_km)} away` },
  ]);
  legs(visit);
  line(panel, "h3", "Why this edge");
  line(panel, "p", visit.why_edge, "small");
  line(panel, "h3", `Why ${visit.result === "Error" ? "an error" : `a ${visit.result.toLowerCase()}`}`);
  line(panel, "p", `${visit.reason.charAt(0).toUpperCase()}${visit.reason.slice(1)}.`, "small");
  const link = line(line(panel, "p", "", "small"), "a", "Every decision of this request, and its cost");
  link.href = `/requests/${encodeURIComponent(visit.request_id)}`;
  for (const button of latest.querySelectorAll("button")) button.setAttribute("aria-pressed", button.dataset.id === visit.request_id);
}

// Server-Timing's parts, each with its colour in the bar above.
function legs(visit) {
  const list = line(panel, "ul", "", "legs");
  for (const { name, kind } of timing(visit)) {
    const leg = visit.legs.find((one) => one.name === name);
    if (!leg) continue;
    const item = line(list, "li", "");
    line(item, "i", "", `swatch ${kind}`);
    line(item, "span", NAMES[name]);
    line(item, "span", wait(leg.ms), "number");
    if (name !== "edge") line(item, "small", leg.detail);
  }
}

function remember(visit) {
  const item = document.createElement("li");
  const button = line(item, "button", "");
  button.type = "button";
  button.dataset.id = visit.request_id;
  line(button, "span", `${visit.city} → ${visit.pop}`, "where");
  button.append(verdict(visit.result));
  line(button, "span", wait(visit.ttfb_ms), "number");
  button.addEventListener("click", () => describe(visit));
  const list = latest.querySelector("ol");
  list.prepend(item);
  while (list.children.length > LATEST) list.lastChild.remove();
  latest.hidden = false;
}

function addRow(visit) {
  if (rows.firstElementChild?.children.length === 1) rows.textContent = "";
  const row = document.createElement("tr");
  const cell = (text, kind) => line(row, "td", text, kind);
  cell(visit.at);
  cell(visit.country_code ? `${visit.city}, ${visit.country_code}` : visit.city);
  cell(visit.path, "wrap mono small");
  cell(`${visit.pop}, ${visit.edge.city}`);
  cell("").append(verdict(visit.result));
  cell(wait(visit.ttfb_ms), "number");
  cell(wait(visit.direct_ms), "number");
  const link = line(cell(`${visit.reason} `, "small"), "a", "All");
  link.href = `/requests/${encodeURIComponent(visit.request_id)}`;
  line(link, "span", ` decisions for ${visit.city} at ${visit.at}`, "visually-hidden");
  rows.prepend(row);
  while (rows.children.length > 200) rows.lastChild.remove();
}

// -- what happened since ---------------------------------------------------------------------------

function arrived(visits) {
  if (map) {
    map.svg.classList.toggle("crowded", visits.length > FEW);
    for (const visit of visits) map.showVisit(visit, { origin: visit.origin, travel: visits.length <= FEW, kept: 250 });
  }
  if (latest) visits.slice(-LATEST).forEach(remember);
  if (rows) visits.forEach(addRow);
  const shown = visits.find((visit) => visit.request_id === mine) ?? visits.at(-1);
  if (panel) describe(shown);
  live.textContent = visits.length > FEW ? `${visits.length} visitors arrived` : `${shown.city}: ${shown.result} at ${shown.edge.city}, ${wait(shown.ttfb_ms)}`;
}

function total(figures) {
  const shown = { ...figures, hit_percent: `${figures.hit_percent} %`, ttfb_ms: wait(figures.ttfb_ms), direct_ms: wait(figures.direct_ms) };
  for (const cell of document.querySelectorAll("[data-total]")) cell.textContent = shown[cell.dataset.total].toLocaleString("en");
  part("totals").hidden = false;
}

function progress(run) {
  const under_way = ["queued", "running"].includes(run.state);
  if (!under_way && watched !== run.pk) return;
  watched = run.pk;
  part("run-box").hidden = false;
  part("run-bar").max = run.visitors;
  part("run-bar").value = run.sent;
  part("send").disabled = under_way;
  runLine.textContent = run.state === "failed" ? run.error : `${run.sent} of ${run.visitors} visitors: ${STATES[run.state]}.`;
}

async function look() {
  if (busy) return;
  busy = true;
  try {
    const query = new URLSearchParams({ distribution: data.distribution, after: cursor });
    const answer = await fetch(`${box.dataset.visits}?${query}`);
    if (!answer.ok || !answer.headers.get("content-type").includes("json")) return;
    const news = await answer.json();
    cursor = news.cursor;
    if (news.visits.length) arrived(news.visits);
    if (news.total) total(news.total);
    if (news.run) progress(news.run);
    if (edges && news.visits.length) {
      edges.innerHTML = await (await fetch(location.href, { headers: { "HX-Request": "true" } })).text();
    }
  } catch {
    // The console is away for a moment: the next look tells.
  } finally {
    busy = false;
  }
}

part("one").addEventListener("submit", (event) => { event.preventDefault(); arrive(); });
part("many").addEventListener("submit", (event) => { event.preventDefault(); send(); });
setInterval(() => { if (!document.hidden) look(); }, 1000);
