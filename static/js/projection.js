// Equal Earth, there and back, on a map 1000 units wide; and the great circle between two places. Pure: no page.
// Source: Savric, Patterson, Jenny: "The Equal Earth map projection" (2018).
const [A1, A2, A3, A4] = [1.340264, -0.081106, 0.000893, 0.003796];
const M = Math.sqrt(3) / 2;
const SCALE = 1000 / (2 * 2.7066297);
const RAD = Math.PI / 180;
const MIDDLE = { x: 500, y: 250 };

const height = (t, t2, t6) => t * (A1 + A2 * t2 + t6 * (A3 + A4 * t2));
const slope = (t2, t6) => A1 + 3 * A2 * t2 + t6 * (7 * A3 + 9 * A4 * t2);

export function project(latitude, longitude) {
  const t = Math.asin(M * Math.sin(latitude * RAD));
  const t2 = t * t;
  const t6 = t2 ** 3;
  const x = (longitude * RAD * Math.cos(t)) / (M * slope(t2, t6));
  return [MIDDLE.x + SCALE * x, MIDDLE.y - SCALE * height(t, t2, t6)];
}

// The place at a point of the map, or null off the globe. The height has no closed inverse: Newton finds it.
export function unproject(x, y) {
  const goal = (MIDDLE.y - y) / SCALE;
  let t = goal / A1;
  for (let round = 0; round < 12; round += 1) {
    const t2 = t * t;
    t -= (height(t, t2, t2 ** 3) - goal) / slope(t2, t2 ** 3);
  }
  const sine = Math.sin(t) / M;
  const longitude = (M * ((x - MIDDLE.x) / SCALE) * slope(t * t, t ** 6)) / Math.cos(t) / RAD;
  if (Math.abs(sine) > 1 || Math.abs(longitude) > 180) return null;
  return { latitude: Math.asin(sine) / RAD, longitude };
}

const line = (points) => `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;
const range = (from, to, step) => Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step);

// The globe's edge: the date line from both sides.
export function outline() {
  const west = range(-90, 90, 3).map((latitude) => project(latitude, -180));
  const east = range(-90, 90, 3).reverse().map((latitude) => project(latitude, 180));
  return `${line([...west, ...east])}z`;
}

export function graticule() {
  const meridians = range(-150, 150, 30).map((lon) => line(range(-90, 90, 3).map((lat) => project(lat, lon))));
  const parallels = range(-60, 60, 30).map((lat) => line([project(lat, -180), project(lat, 180)]));
  return [...meridians, ...parallels].join("");
}

const vector = ({ latitude, longitude }) => [
  Math.cos(latitude * RAD) * Math.cos(longitude * RAD),
  Math.cos(latitude * RAD) * Math.sin(longitude * RAD),
  Math.sin(latitude * RAD),
];

// Places along the great circle as [latitude, longitude], ends included; none when it is no way at all.
function between(from, to) {
  const a = vector(from);
  const b = vector(to);
  const angle = Math.acos(Math.min(1, Math.max(-1, a[0] * b[0] + a[1] * b[1] + a[2] * b[2])));
  if (angle < 1e-4) return [];
  const steps = Math.max(6, Math.ceil(angle / (3 * RAD)));
  return range(0, steps, 1).map((step) => {
    const p = Math.sin((1 - step / steps) * angle) / Math.sin(angle);
    const q = Math.sin((step / steps) * angle) / Math.sin(angle);
    const [x, y, z] = a.map((n, i) => p * n + q * b[i]);
    return [Math.asin(Math.min(1, Math.max(-1, z))) / RAD, Math.atan2(y, x) / RAD];
  });
}

// The great circle as an SVG path; it leaves at one side of the map and comes back at the other.
export function greatCircle(from, to) {
  let path = "";
  let before = null;
  for (const [latitude, longitude] of between(from, to)) {
    const [x, y] = project(latitude, longitude);
    const jump = before !== null && Math.abs(longitude - before) > 180;
    path += `${path && !jump ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    before = longitude;
  }
  return path;
}
