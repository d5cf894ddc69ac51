// Projects Natural Earth's land (public domain, through the npm package world-atlas) into one SVG path.
// Run in this folder:
//   npm install world-atlas@2.0.2 topojson-client@3.1.0 topojson-simplify@3.0.3 d3-geo@3.1.2 && node build.mjs > land.json
// The projection is Equal Earth, the same as in static/js/projection.js, on a map 10,000 units wide. The path is written
// in relative whole steps (4 km at the equator), the shortest way to say it; the map scales it down by ten.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { geoEqualEarth, geoStream } from "d3-geo";
import { feature } from "topojson-client";
import { filter, filterWeight, presimplify, simplify, sphericalTriangleArea, sphericalRingArea } from "topojson-simplify";

const DETAIL = 2e-6; // steradians: the smallest triangle a coast keeps, about 80 square km
const ISLAND = 6e-6; // steradians: the smallest island that is drawn, about 240 square km
const require = createRequire(import.meta.url);
const atlas = JSON.parse(readFileSync(require.resolve("world-atlas/land-50m.json")));
const coarse = simplify(presimplify(atlas, sphericalTriangleArea), DETAIL);
const world = filter(coarse, filterWeight(coarse, ISLAND, sphericalRingArea));
const projection = geoEqualEarth().scale(10000 / (2 * 2.7066297)).translate([5000, 2500]);
const rings = [];
const sink = {
  polygonStart() {}, polygonEnd() {}, sphere() {},
  lineStart() { rings.push([]); }, lineEnd() {},
  point(x, y) { rings.at(-1).push([Math.round(x), Math.round(y)]); },
};
geoStream(feature(world, world.objects.land), projection.stream(sink));
const pair = (dx, dy) => `${dx}${dy < 0 ? dy : ` ${dy}`}`;
let path = "";
for (const ring of rings) {
  const kept = ring.filter(([x, y], i) => !i || x !== ring[i - 1][0] || y !== ring[i - 1][1]);
  if (kept.length < 4) continue;
  path += `M${pair(...kept[0])}l`;
  path += kept.slice(1).map(([x, y], i) => pair(x - kept[i][0], y - kept[i][1])).join(" ").replaceAll(" -", "-") + "z";
}
process.stdout.write(JSON.stringify({ width: 10000, path }));
