// Projects Natural Earth's land (public domain, through the npm package world-atlas) into one SVG path.
// Run: npm install world-atlas@2.0.2 topojson-client@3.1.0 d3-geo@3.1.2 && node build.mjs > land.json
// The projection is Equal Earth, the same as in static/js/world-map.js, on a map 1000 units wide.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { geoEqualEarth, geoPath } from "d3-geo";
import { feature } from "topojson-client";

const require = createRequire(import.meta.url);
const world = JSON.parse(readFileSync(require.resolve("world-atlas/land-110m.json")));
const land = feature(world, world.objects.land);
const projection = geoEqualEarth().scale(1000 / (2 * 2.7066297)).translate([500, 250]);
const path = geoPath(projection).digits(1)(land);
process.stdout.write(JSON.stringify({ width: 1000, path }));
