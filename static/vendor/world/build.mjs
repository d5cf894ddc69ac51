// Projects Natural Earth's land (public domain, through the npm package world-atlas 2.0.2) into one SVG path.
// Run: npm install world-atlas@2.0.2 topojson-client@3.1.0 && node build.mjs > land.json
// The projection is Equal Earth, the same as in static/js/world-map.js, on a map 1000 units wide.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { feature } from "topojson-client";

const require = createRequire(import.meta.url);
const world = JSON.parse(readFileSync(require.resolve("world-atlas/land-110m.json")));
const land = feature(world, world.objects.land);
const [A1, A2, A3, A4] = [1.340264, -0.081106, 0.000893, 0.003796];
const M = Math.sqrt(3) / 2;
const SCALE = 1000 / (2 * 2.7066297);

function project([longitude, latitude]) {
  const t = Math.asin(M * Math.sin((latitude * Math.PI) / 180));
  const t2 = t * t;
  const t6 = t2 ** 3;
  const x = ((longitude * Math.PI) / 180) * Math.cos(t) / (M * (A1 + 3 * A2 * t2 + t6 * (7 * A3 + 9 * A4 * t2)));
  const y = t * (A1 + A2 * t2 + t6 * (A3 + A4 * t2));
  return [500 + SCALE * x, 250 - SCALE * y];
}

const rings = land.features.flatMap((one) =>
  one.geometry.type === "Polygon" ? [one.geometry.coordinates] : one.geometry.coordinates,
).flat();
const kept = rings.filter((ring) => ring.some(([, latitude]) => latitude > -60)); // Antarctica serves nobody
const path = kept.map((ring) => `M${ring.map((p) => project(p).map((n) => n.toFixed(1)).join(" ")).join("L")}Z`).join("");
process.stdout.write(JSON.stringify({ width: 1000, path }));
