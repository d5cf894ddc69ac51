// Plays the three acts of the first page: each is a real request, made by the console to the edges.
import { WorldMap, kindOf, signOf } from "./world-map.js";
import { km, line, timing, verdict, versus, wait } from "./versus.js";

const story = document.getElementById("story");
const data = JSON.parse(document.getElementById("story-data").textContent);
const map = new WorldMap(document.getElementById("world"));
const button = document.getElementById("play");
const told = document.getElementById("told");
const items = [...document.querySelectorAll(".act")];
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const HEADS = { "x-cache": "X-Cache", "x-amz-cf-pop": "X-Amz-Cf-Pop", age: "Age" };
const CALM = matchMedia("(prefers-reduced-motion: reduce)").matches;
let heard = {}; // what was said at a place of the map, line by line

map.showEdges(data.edges);
// On a narrow screen the part of the world where the story happens, instead of all of it in miniature.
if (data.origin && matchMedia("(max-width: 40rem)").matches) {
  map.view.frame([data.origin, ...data.acts].map((place) => map.at(place)), { left: 24, right: 34, up: 70, down: 70 });
}
if (data.origin) map.showOrigin(data.origin);

async function ask(act, play) {
  const answer = await fetch(story.dataset.url, {
    method: "POST",
    headers: { "X-CSRFToken": document.body.dataset.csrf },
    body: new URLSearchParams({ act, play }),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.message);
  return body;
}

function tell(item, visit, act) {
  const near = visit.candidates[0].distance_km;
  const kind = kindOf(visit.result);
  item.className = `act ${kind}`;
  item.querySelector(".verdict").replaceChildren(verdict(visit.result));
  const said = item.querySelector(".said");
  said.textContent = "";
  line(said, "strong", `${visit.edge_city} (${visit.pop})`);
  said.append(
    kind === "hit"
      ? ` kept a copy and answered at once: ${wait(visit.ttfb_ms)} to the first byte.`
      : ` answered, but had to fetch it from ${data.origin.region} first: ${wait(visit.ttfb_ms)} to the first byte.`,
  );
  versus(item.querySelector(".versus"), [
    { name: "with the CDN", ms: visit.ttfb_ms, parts: timing(visit), note: near < 2 ? `${visit.pop}, in the same city` : `${visit.pop}, ${km(near)} away` },
    { name: "without it", ms: visit.direct_ms, parts: [{ kind: "direct", ms: visit.direct_ms }], note: `${data.origin.region}, ${km(act.origin_km)} away` },
  ]);
  const heads = item.querySelector(".heads");
  heads.textContent = "";
  for (const [name, shown] of Object.entries(HEADS)) {
    if (visit.headers[name]) line(heads, "span", `${shown}: ${visit.headers[name]}`);
  }
  heads.hidden = false;
}

function label(visit) {
  const name = `${visit.city} ${visit.pop}`;
  heard[name] = [
    ...(heard[name] ?? [{ text: `${visit.city} · ${visit.pop}`, kind: "strong" }]),
    { text: `${signOf(visit.result)} ${visit.result.toLowerCase()}, ${wait(visit.ttfb_ms)}`, kind: kindOf(visit.result) },
  ];
  const low = data.origin && visit.latitude < data.origin.latitude;
  map.label(name, map.at(visit), heard[name], { up: low ? -10 : -16 });
}

async function act(number, play) {
  const item = items[number];
  item.className = "act asking";
  const visit = await ask(number, play);
  await map.showVisit(visit, { travel: true });
  if (visit.status === 200) map.keeps(visit.pop);
  label(visit);
  tell(item, visit, data.acts[number]);
  return visit;
}

function reset() {
  map.clear();
  heard = {};
  told.textContent = "";
  items.forEach((item, number) => {
    item.className = "act waiting";
    item.querySelector(".verdict").textContent = "";
    item.querySelector(".versus").hidden = true;
    item.querySelector(".heads").hidden = true;
    item.querySelector(".said").textContent = data.acts[number].before;
  });
}

async function play() {
  button.disabled = true;
  reset();
  const word = Math.random().toString(36).slice(2, 10);
  try {
    const seen = [];
    for (const number of items.keys()) {
      seen.push(await act(number, word));
      if (!CALM) await pause(500);
    }
    const times = Math.round(seen[1].direct_ms / seen[1].ttfb_ms);
    told.textContent = `London was served from ${seen[1].edge_city}, Los Angeles from ${seen[2].edge_city}. `
      + `Only the first visitor of a city waits for the long way; the second in London waited ${times} times less than without the CDN.`;
  } catch (problem) {
    told.textContent = problem instanceof SyntaxError || problem instanceof TypeError ? "The console did not answer. Reload the page." : problem.message;
  }
  button.disabled = false;
}

button.addEventListener("click", play);
if (!button.disabled) play();
