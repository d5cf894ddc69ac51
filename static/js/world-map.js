// The world, its edges, an origin, visitors and the arcs between them. Knows nothing of requests.
// A hit is a solid arc with a round visitor, a miss a dashed arc with a square one: never by colour alone.
// Marks are drawn in pixels (.mark is scaled by --unit, which MapView keeps), so that zooming does not blow them up.
import { MapView } from "./map-view.js";
import { graticule, greatCircle, outline, project, unproject } from "./projection.js";

const SVG = "http://www.w3.org/2000/svg";
const CALM = matchMedia("(prefers-reduced-motion: reduce)").matches;
const KEPT = 150; // visits drawn at most
const PACKET_MS = 650; // how long a request is under way on the map, whatever it really took

function make(name, attributes, parent) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent?.append(node);
  return node;
}

function mark(kind, [x, y], parent) {
  return make("g", { class: "mark" }, make("g", { class: kind, transform: `translate(${x} ${y})` }, parent));
}

function named(node, text) {
  make("title", {}, node).textContent = text;
  return node;
}

export const kindOf = (result) => (["Hit", "RefreshHit"].includes(result) ? "hit" : result === "Error" ? "error" : "miss");
export const signOf = (result) => ({ hit: "●", miss: "■", error: "✕" })[kindOf(result)];

export class WorldMap {
  constructor(svg) {
    this.svg = svg;
    make("path", { class: "sea", d: outline() }, svg);
    make("path", { class: "graticule", d: graticule() }, svg);
    const ground = make("g", {}, svg);
    make("path", { class: "rim", d: outline() }, svg);
    this.arcs = make("g", {}, svg);
    this.edges = make("g", {}, svg);
    this.origins = make("g", {}, svg);
    this.packets = make("g", {}, svg);
    this.labels = make("g", {}, svg);
    this.byPop = new Map();
    this.view = new MapView(svg);
    fetch(svg.dataset.land)
      .then((answer) => answer.json())
      .then((land) => make("path", { class: "land", d: land.path, transform: `scale(${1000 / land.width})` }, ground));
  }

  showEdges(edges) {
    for (const edge of edges) {
      const dot = mark("edge", project(edge.latitude, edge.longitude), this.edges);
      make("circle", { class: "ring", r: 6.5 }, dot);
      make("circle", { class: "dot", r: 2.4 }, dot);
      named(dot, `${edge.pop}, ${edge.city}`);
      this.byPop.set(edge.pop, { ...edge, dot: dot.parentElement });
    }
  }

  showOrigin(origin) {
    this.origin = origin;
    this.origins.textContent = "";
    const at = project(origin.latitude, origin.longitude);
    const sign = mark("origin", at, this.origins);
    make("path", { d: "M0-8 7.5 5.5H-7.5z" }, sign);
    named(sign, `Origin: ${origin.region}, ${origin.city}`);
    this.label("origin", at, [{ text: origin.region, kind: "strong" }], { up: 12, beside: 12 });
  }

  // Lines of text beside a point, on the side where there is room; a label of the same name is replaced.
  // lines: [{text, kind}].
  label(name, [x, y], lines, { up = 0, beside = 9 } = {}) {
    this.labels.querySelector(`[data-name="${CSS.escape(name)}"]`)?.parentElement.remove();
    const sign = mark("label", [x, y], this.labels);
    sign.parentElement.setAttribute("class", "label");
    sign.dataset.name = name;
    const { middle, across, size } = this.view;
    const left = ((x - middle[0]) / across + 0.5) * size.width > 130;
    const text = make("text", { "text-anchor": left ? "end" : "start" }, sign);
    lines.forEach((line, number) => {
      const at = { x: left ? -beside : beside, y: 4 - up + number * 15, class: line.kind ?? "" };
      make("tspan", at, text).textContent = line.text;
    });
  }

  // visit: latitude, longitude, city, pop, result. origin: where a miss was fetched. Returns when it has been shown.
  async showVisit(visit, { origin = this.origin, travel = false, kept = KEPT } = {}) {
    const edge = this.byPop.get(visit.pop);
    if (!edge) return;
    const kind = kindOf(visit.result);
    const group = make("g", { class: `visit ${kind}` }, this.arcs);
    const near = make("path", { class: "arc", d: greatCircle(visit, edge) }, group);
    const far = kind === "hit" || !origin ? null : make("path", { class: "arc backhaul", d: greatCircle(edge, origin) }, group);
    const person = mark("visitor", project(visit.latitude, visit.longitude), group);
    if (kind === "hit") make("circle", { r: 3.6 }, person);
    else make("rect", { x: -3.3, y: -3.3, width: 6.6, height: 6.6 }, person);
    named(person, `${visit.city} → ${visit.pop} ${edge.city}: ${visit.result}`);
    while (this.arcs.children.length > kept) this.arcs.firstChild.remove();
    edge.dot.classList.add("used");
    if (!travel || CALM) return;
    await this.travel([near, far], kind);
    this.pulse(edge, kind);
  }

  // Mark an edge as one that has a copy now.
  keeps(pop) {
    this.byPop.get(pop)?.dot.classList.add("keeps");
  }

  pulse({ latitude, longitude }, kind) {
    const ring = make("circle", { class: `pulse ${kind}`, r: 5 }, mark("", project(latitude, longitude), this.packets));
    const grow = [{ r: "4px", opacity: 1 }, { r: "26px", opacity: 0 }];
    ring.animate(grow, { duration: 900, easing: "ease-out" }).finished.then(() => ring.parentElement.parentElement.remove());
  }

  // Let a request go along the ways and its answer come back.
  async travel(ways, kind) {
    const there = ways.filter((way) => way?.getAttribute("d"));
    for (const way of there) await this.packet(way, kind, false);
    for (const way of there.reverse()) await this.packet(way, kind, true);
  }

  packet(way, kind, back) {
    const dot = make("g", { class: `packet ${kind}` }, this.packets);
    make("circle", { r: back ? 4.5 : 3 }, make("g", { class: "mark" }, dot));
    const length = way.getTotalLength();
    const began = performance.now();
    return new Promise((done) => {
      const step = (now) => {
        const gone = Math.min(1, Math.max(0, now - began) / PACKET_MS);
        const eased = gone * gone * (3 - 2 * gone);
        const at = way.getPointAtLength(length * (back ? 1 - eased : eased));
        dot.setAttribute("transform", `translate(${at.x} ${at.y})`);
        if (gone < 1) return requestAnimationFrame(step);
        dot.remove();
        return done();
      };
      step(began);
      // A hidden page paints nothing: the story goes on without the picture.
      setTimeout(() => { dot.remove(); done(); }, PACKET_MS * 2);
    });
  }

  clear() {
    this.arcs.textContent = "";
    for (const label of this.labels.querySelectorAll("[data-name]:not([data-name='origin'])")) label.parentElement.remove();
    for (const { dot } of this.byPop.values()) dot.classList.remove("used", "keeps");
  }

  at(place) {
    return project(place.latitude, place.longitude);
  }

  onPick(act) {
    this.svg.classList.add("pickable");
    this.view.picked = (x, y) => {
      const place = unproject(x, y);
      if (place) act(place);
    };
  }
}
