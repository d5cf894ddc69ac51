// Two or more times as bars on one scale: with the CDN, without it, and the parts of a wait.
const SVG = "http://www.w3.org/2000/svg";

export const wait = (ms) => (ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms.toFixed(ms < 100 ? 1 : 0)} ms`);
export const km = (n) => `${Math.round(n).toLocaleString("en")} km`;

function bar(parts, whole) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 100 10");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  let x = 0;
  const rect = (kind, from, width) => {
    const node = document.createElementNS(SVG, "rect");
    for (const [name, value] of Object.entries({ class: kind, x: from, y: 1, width, height: 8 })) node.setAttribute(name, value);
    svg.append(node);
  };
  rect("track", 0, 100);
  for (const { kind, ms } of parts) {
    const width = Math.max((ms / whole) * 100, ms > 0 ? 0.8 : 0);
    rect(kind, x, width);
    x += width;
  }
  return svg;
}

// rows: [{name, ms, parts: [{kind, ms}]}]
export function versus(box, rows) {
  box.textContent = "";
  const whole = Math.max(...rows.map((row) => row.ms), 1);
  for (const row of rows) {
    const line = document.createElement("div");
    const name = document.createElement("span");
    name.textContent = row.name;
    const value = document.createElement("span");
    value.className = "number";
    value.textContent = wait(row.ms);
    line.append(name, bar(row.parts, whole), value);
    box.append(line);
  }
  box.hidden = false;
}

export function timing(visit) {
  const { net = 0, edge = 0, origin = 0 } = visit.timing
    ?? Object.fromEntries((visit.legs ?? []).map((leg) => [leg.name, leg.ms]));
  return [{ kind: "net", ms: net }, { kind: "part-edge", ms: edge }, { kind: "part-origin", ms: origin }];
}

export function verdict(result) {
  const badge = document.createElement("span");
  const hit = result === "Hit" || result === "RefreshHit";
  badge.className = `badge ${hit ? "hit" : result === "Error" ? "bad" : "miss"}`;
  badge.textContent = result === "Hit" ? "● Hit" : result === "Miss" ? "■ Miss" : result;
  return badge;
}
