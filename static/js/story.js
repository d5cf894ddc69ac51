// Plays the three acts of the first page: each is a real request, made by the console to the edges.
import { WorldMap } from "./world-map.js";
import { timing, verdict, versus, wait, km } from "./versus.js";

const story = document.getElementById("story");
const data = JSON.parse(document.getElementById("story-data").textContent);
const map = new WorldMap(document.getElementById("world"));
const button = document.getElementById("play");
const told = document.getElementById("told");
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const CALM = matchMedia("(prefers-reduced-motion: reduce)").matches;

// On a narrow screen only the part of the world where the story happens, instead of all of it in miniature.
if (matchMedia("(max-width: 40rem)").matches) document.getElementById("world").setAttribute("viewBox", "170 20 400 250");
map.showEdges(data.edges);
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

function show(item, visit) {
  const hit = visit.result === "Hit";
  item.className = `act ${hit ? "hit" : "miss"}`;
  item.querySelector(".verdict").replaceChildren(verdict(visit.result));
  const far = visit.candidates[0].distance_km;
  const where = `${visit.edge_city} (${visit.pop}), ${far < 2 ? "in the same city" : `${km(far)} away`},`;
  item.querySelector(".said").textContent = hit
    ? `${where} had it already: ${wait(visit.ttfb_ms)} to the first byte.`
    : `${where} answered, but had to fetch it from the bucket in ${data.origin.region} first: ${wait(visit.ttfb_ms)}.`;
  versus(item.querySelector(".versus"), [
    { name: "with the CDN", ms: visit.ttfb_ms, parts: timing(visit) },
    { name: "without it", ms: visit.direct_ms, parts: [{ kind: "direct", ms: visit.direct_ms }] },
  ]);
  map.showVisit(visit, { origin: data.origin, label: `${visit.city} → ${visit.pop}` });
}

async function play() {
  button.disabled = true;
  told.textContent = "";
  map.clear();
  const word = Math.random().toString(36).slice(2, 10);
  const items = [...document.querySelectorAll(".act")];
  for (const [number, item] of items.entries()) {
    item.className = "act waiting";
    item.querySelector(".verdict").textContent = "";
    item.querySelector(".versus").hidden = true;
    item.querySelector(".said").textContent = data.acts[number].before;
  }
  try {
    for (const [number, item] of items.entries()) {
      show(item, await ask(number, word));
      if (!CALM) await pause(1100);
    }
    told.textContent = "London was served from London, Los Angeles from Los Angeles.";
  } catch (problem) {
    told.textContent = problem.message;
  }
  button.disabled = false;
}

button.addEventListener("click", play);
if (!button.disabled) play();
