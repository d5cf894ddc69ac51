// Which part of the map an SVG shows: buttons, two fingers, dragging, arrow keys and Ctrl with the wheel move it.
// One finger up or down still scrolls the page; a plain wheel too.
const INHABITED = { x: 0, y: 16, width: 1000, height: 400 }; // the map without Antarctica
const GLOBE = { x: 0, y: 3, width: 1000, height: 494 };
const CLOSEST = 60; // units of the map, across
const MOVED = 4; // pixels: less is a click

export class MapView {
  // svg: what shows the map. picked(x, y): a point of the map was chosen, by click or with Enter.
  constructor(svg) {
    this.svg = svg;
    this.world = svg.classList.contains("whole") ? GLOBE : INHABITED;
    this.picked = null;
    this.pointers = new Map();
    this.middle = [this.world.x + this.world.width / 2, this.world.y + this.world.height / 2];
    this.across = Infinity;
    this.travelled = 0;
    new ResizeObserver(() => this.draw()).observe(svg);
    svg.addEventListener("pointerdown", (event) => this.down(event));
    svg.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, (event) => this.up(event));
    svg.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    svg.addEventListener("keydown", (event) => this.key(event));
    svg.addEventListener("click", (event) => this.click(event));
    for (const button of svg.closest(".map-frame").querySelectorAll("[data-map]")) {
      button.addEventListener("click", () => this.step(button.dataset.map));
    }
    this.draw();
  }

  get size() {
    return { width: this.svg.clientWidth || 1000, height: this.svg.clientHeight || 400 };
  }

  // Units across when the whole world is in view, and when the world fills the frame.
  get whole() {
    const { width, height } = this.size;
    return Math.max(this.world.width, (this.world.height * width) / height);
  }

  get filled() {
    const { width, height } = this.size;
    return Math.min(this.world.width, (this.world.height * width) / height);
  }

  draw() {
    const { width, height } = this.size;
    this.across = Math.min(this.whole, Math.max(CLOSEST, this.across));
    const tall = (this.across * height) / width;
    const keep = (value, from, length, shown) =>
      shown >= length ? from + length / 2 : Math.min(from + length - shown / 2, Math.max(from + shown / 2, value));
    this.middle = [
      keep(this.middle[0], this.world.x, this.world.width, this.across),
      keep(this.middle[1], this.world.y, this.world.height, tall),
    ];
    const [x, y] = [this.middle[0] - this.across / 2, this.middle[1] - tall / 2];
    this.svg.setAttribute("viewBox", [x, y, this.across, tall].map((n) => n.toFixed(2)).join(" "));
    this.svg.style.setProperty("--unit", this.across / width); // units of the map in one pixel
  }

  // Show some points of the map, [x, y] each, with room around them in pixels.
  frame(points, { left = 40, right = 40, up = 40, down = 40 } = {}) {
    const { width, height } = this.size;
    const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
    const [wide, tall] = [Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys)];
    const unit = Math.max(wide / (width - left - right), tall / (height - up - down), CLOSEST / width);
    this.across = unit * width;
    this.middle = [
      (Math.max(...xs) + Math.min(...xs) + (right - left) * unit) / 2,
      (Math.max(...ys) + Math.min(...ys) + (down - up) * unit) / 2,
    ];
    this.draw();
  }

  // Fill the frame with map, around a point.
  fill([x, y]) {
    this.across = this.filled;
    this.middle = [x, y];
    this.draw();
  }

  point(clientX, clientY) {
    const at = new DOMPoint(clientX, clientY).matrixTransform(this.svg.getScreenCTM().inverse());
    return [at.x, at.y];
  }

  // Come closer (factor < 1) or go away, with a point of the map staying where it is.
  zoom(factor, [x, y] = this.middle) {
    const before = this.across;
    this.across = Math.min(this.whole, Math.max(CLOSEST, before * factor));
    const real = this.across / before;
    this.middle = [x + (this.middle[0] - x) * real, y + (this.middle[1] - y) * real];
    this.draw();
  }

  shift(pixelsX, pixelsY) {
    const unit = this.across / this.size.width;
    this.middle = [this.middle[0] - pixelsX * unit, this.middle[1] - pixelsY * unit];
    this.draw();
  }

  step(name) {
    if (name === "in") this.zoom(0.6);
    else if (name === "out") this.zoom(1 / 0.6);
    else this.zoom(Infinity);
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoom(1.0015 ** event.deltaY, this.point(event.clientX, event.clientY));
  }

  down(event) {
    this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
    if (this.pointers.size === 1) this.travelled = 0;
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const [dx, dy] = [event.clientX - before[0], event.clientY - before[1]];
    this.travelled += Math.hypot(dx, dy);
    if (this.travelled > MOVED) this.svg.setPointerCapture(event.pointerId);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const length = (from) => Math.hypot(from[0] - other[0], from[1] - other[1]);
      const middle = this.point((event.clientX + other[0]) / 2, (event.clientY + other[1]) / 2);
      this.zoom(length(before) / Math.max(1, length([event.clientX, event.clientY])), middle);
      this.shift(dx / 2, dy / 2);
    } else if (this.travelled > MOVED) {
      this.shift(dx, dy);
    }
    this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
  }

  up(event) {
    this.pointers.delete(event.pointerId);
  }

  click(event) {
    if (this.picked && this.travelled <= MOVED) this.picked(...this.point(event.clientX, event.clientY));
  }

  key(event) {
    const stride = this.size.width / 12;
    const acts = {
      ArrowLeft: () => this.shift(stride, 0),
      ArrowRight: () => this.shift(-stride, 0),
      ArrowUp: () => this.shift(0, stride),
      ArrowDown: () => this.shift(0, -stride),
      "+": () => this.step("in"),
      "=": () => this.step("in"),
      "-": () => this.step("out"),
      0: () => this.step("whole"),
      Enter: () => this.picked?.(...this.middle),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }
}
