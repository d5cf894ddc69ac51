// The world in Equal Earth, edges, origin, visitors and the arcs between them. Knows nothing of requests.
// A hit is a solid arc with a round visitor, a miss a dashed arc with a square one: never by colour alone.
const SVG = "http://www.w3.org/2000/svg";
const [A1, A2, A3, A4] = [1.340264, -0.081106, 0.000893, 0.003796];
const M = Math.sqrt(3) / 2;
const SCALE = 1000 / (2 * 2.7066297);
const RAD = Math.PI / 180;
const CALM = matchMedia("(prefers-reduced-motion: reduce)").matches;

export function project(latitude, longitude) {
  const t = Math.asin(M * Math.sin(latitude * RAD));
  const t2 = t * t;
  const t6 = t2 ** 3;
  const x = (longitude * RAD * Math.cos(t)) / (M * (A1 + 3 * A2 * t2 + t6 * (7 * A3 + 9 * A4 * t2)));
  return [500 + SCALE * x, 250 - SCALE * t * (A1 + A2 * t2 + t6 * (A3 + A4 * t2))];
}

export function unproject(x, y) {
  const goal = (250 - y) / SCALE;
  let t = goal / A1;
  for (let round = 0; round < 12; round += 1) {
    const t2 = t * t;
    const t6 = t2 ** 3;
    const error = t * (A1 + A2 * t2 + t6 * (A3 + A4 * t2)) - goal;
    t -= error / (A1 + 3 * A2 * t2 + t6 * (7 * A3 + 9 * A4 * t2));
  }
  const t2 = t * t;
  const t6 = t2 ** 3;
  const sine = Math.sin(t) / M;
  const longitude = (M * ((x - 500) / SCALE) * (A1 + 3 * A2 * t2 + t6 * (7 * A3 + 9 * A4 * t2))) / Math.cos(t) / RAD;
  if (Math.abs(sine) > 1 || Math.abs(longitude) > 180) return null;
  return { latitude: Math.asin(sine) / RAD, longitude };
}

// Points along the great circle between two places; a new stroke where it crosses the date line.
function greatCircle(from, to) {
  const vector = ({ latitude, longitude }) => [
    Math.cos(latitude * RAD) * Math.cos(longitude * RAD),
    Math.cos(latitude * RAD) * Math.sin(longitude * RAD),
    Math.sin(latitude * RAD),
  ];
  const a = vector(from);
  const b = vector(to);
  const angle = Math.acos(Math.min(1, Math.max(-1, a[0] * b[0] + a[1] * b[1] + a[2] * b[2])));
  if (angle < 1e-4) return "";
  const steps = Math.max(6, Math.ceil(angle / (3 * RAD)));
  let path = "";
  let before = null;
  for (let step = 0; step <= steps; step += 1) {
    const f = step / steps;
    const p = Math.sin((1 - f) * angle) / Math.sin(angle);
    const q = Math.sin(f * angle) / Math.sin(angle);
    const [x, y, z] = a.map((n, i) => p * n + q * b[i]);
    const longitude = Math.atan2(y, x) / RAD;
    const [px, py] = project(Math.asin(Math.min(1, Math.max(-1, z))) / RAD, longitude);
    const jump = before !== null && Math.abs(longitude - before) > 180;
    path += `${path && !jump ? "L" : "M"}${px.toFixed(1)} ${py.toFixed(1)}`;
    before = longitude;
  }
  return path;
}

function make(name, attributes, parent) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent?.append(node);
  return node;
}

function title(node, text) {
  make("title", {}, node).textContent = text;
  return node;
}

export class WorldMap {
  constructor(svg) {
    this.svg = svg;
    svg.setAttribute("viewBox", "0 18 1000 402");
    make("rect", { class: "sea", x: 0, y: 0, width: 1000, height: 500 }, svg);
    this.ground = make("g", {}, svg);
    this.arcs = make("g", { class: "arcs" }, svg);
    this.edges = make("g", { class: "edges" }, svg);
    this.visitors = make("g", { class: "visitors" }, svg);
    this.origins = make("g", { class: "origins" }, svg);
    this.byPop = new Map();
    fetch(svg.dataset.land).then((answer) => answer.json()).then((land) => {
      make("path", { class: "land", d: land.path }, this.ground);
    });
  }

  showEdges(edges) {
    for (const edge of edges) {
      const [x, y] = project(edge.latitude, edge.longitude);
      const dot = make("circle", { class: "edge", cx: x, cy: y, r: 2.2, "data-pop": edge.pop }, this.edges);
      title(dot, `${edge.pop}, ${edge.city}`);
      this.byPop.set(edge.pop, { ...edge, dot });
    }
  }

  showOrigin(origin) {
    this.origins.textContent = "";
    const [x, y] = project(origin.latitude, origin.longitude);
    const mark = make("g", { class: "origin", transform: `translate(${x} ${y})` }, this.origins);
    make("path", { d: "M0-7 6.500 4.500H-6.500z" }, mark);
    title(mark, `Origin: ${origin.region}, ${origin.city}`);
    const label = make("text", { x: 9, y: 4 }, mark);
    label.textContent = origin.region;
  }

  // visit: latitude, longitude, city, pop, result. Returns the drawn group.
  showVisit(visit, options = {}) {
    const edge = this.byPop.get(visit.pop);
    if (!edge) return null;
    const hit = visit.result === "Hit" || visit.result === "RefreshHit";
    const kind = visit.result === "Error" ? "error" : hit ? "hit" : "miss";
    const [x, y] = project(visit.latitude, visit.longitude);
    const group = make("g", { class: `visit ${kind}` }, this.arcs);
    const path = make("path", { class: "arc", d: greatCircle(visit, edge) }, group);
    const mark = hit
      ? make("circle", { class: "visitor", cx: x, cy: y, r: 3 }, group)
      : make("rect", { class: "visitor", x: x - 2.700, y: y - 2.700, width: 5.400, height: 5.400 }, group);
    title(mark, `${visit.city} → ${visit.pop} ${edge.city}: ${visit.result}`);
    if (options.origin && !hit) {
      make("path", { class: "arc backhaul", d: greatCircle(edge, options.origin) }, group);
    }
    edge.dot.classList.add("used");
    if (!CALM) {
      const length = path.getTotalLength();
      path.animate([{ opacity: 0, strokeDashoffset: length }, { opacity: 1, strokeDashoffset: 0 }], { duration: 500, easing: "ease-out" });
      edge.dot.animate([{ r: "6px" }, { r: "2.2px" }], { duration: 700, easing: "ease-out" });
    }
    if (options.label) {
      const right = x > 860;
      const text = make("text", { class: "place", x: right ? x - 8 : x + 8, y: y - 6, "text-anchor": right ? "end" : "start" }, group);
      text.textContent = options.label;
    }
    const most = options.most ?? 150;
    while (this.arcs.children.length > most) this.arcs.firstChild.remove();
    return group;
  }

  clear() {
    this.arcs.textContent = "";
    for (const { dot } of this.byPop.values()) dot.classList.remove("used");
  }

  onPick(act) {
    this.svg.classList.add("pickable");
    this.svg.addEventListener("click", (event) => {
      const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
      const place = unproject(point.x, point.y);
      if (place) act(place);
    });
  }
}
