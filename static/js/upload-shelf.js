// Uploads on the page: a row for each that goes on, its rate and the time left, pause, resume, cancel; a line for all.
import { Upload, all } from "./upload-queue.js";
import { lasting, size } from "./sizes.js";

const shelf = document.getElementById("uploads");
const place = document.getElementById("upload-rows");
const shape = document.getElementById("upload-row");
const views = new Map(); // Upload -> its row
const KEPT_STORED = 5; // rows of stored files that stay to be seen; the line for all counts the others
let ended = () => {};
let drawing = 0;

export const whenStored = (act) => { ended = act; };
const announce = (text) => { document.getElementById("live").textContent = text; };

function row(upload) {
  const item = shape.content.cloneNode(true).firstElementChild;
  item.querySelector(".upload-name").textContent = upload.key;
  item.querySelector("progress").setAttribute("aria-label", `Upload of ${upload.key}`);
  for (const button of item.querySelectorAll("[data-do-upload]")) {
    button.setAttribute("aria-label", `${button.textContent.trim()} ${upload.key}`);
    button.addEventListener("click", () => {
      upload[button.dataset.doUpload]();
      (item.querySelector("[data-do-upload]:not([hidden])") ?? document.body).focus();
    });
  }
  const input = item.querySelector("input");
  input.setAttribute("aria-label", `Choose the file of ${upload.key}`);
  input.addEventListener("change", () => { if (input.files.length) upload.resume(input.files[0]); input.value = ""; });
  return item;
}

function words(upload) {
  const sent = `${size(upload.sentBytes)} of ${size(upload.sizeBytes)}`;
  if (upload.told && upload.state !== "going") return upload.told;
  if (upload.state === "stored") return `${size(upload.sizeBytes)}, stored`;
  if (upload.state === "paused") return `${sent}, paused`;
  if (upload.state === "waiting") return `Begun before, ${size(upload.sizeBytes)}. Choose ${upload.known.name || "the same file"} again to go on where it stopped.`;
  if (upload.told && !upload.requests.size) return upload.told;
  if (!upload.requests.size && !upload.sentBytes) return `${size(upload.sizeBytes)}, waiting`;
  const rate = upload.rate ? `, ${size(upload.rate)}/s, ${lasting((upload.sizeBytes - upload.sentBytes) / upload.rate)} left` : "";
  return sent + rate;
}

function draw(upload) {
  if (!views.has(upload)) {
    views.set(upload, row(upload));
    place.append(views.get(upload));
  }
  const item = views.get(upload);
  const { state } = upload;
  item.dataset.state = state;
  item.querySelector("progress").value = state === "stored" ? 1 : Math.min(1, upload.sentBytes / (upload.sizeBytes || 1));
  const told = item.querySelector(".upload-told");
  told.textContent = words(upload);
  told.className = `upload-told small ${state === "failed" ? "problem" : "muted"}`;
  const shown = {
    pause: state === "going" && upload.inParts,
    resume: state === "paused" || state === "failed",
    cancel: !["stored", "cancelled"].includes(state),
  };
  for (const button of item.querySelectorAll("[data-do-upload]")) button.hidden = !shown[button.dataset.doUpload];
  const wrongFile = state === "failed" && upload.known && !upload.etags.size;
  item.querySelector("label").hidden = !(state === "waiting" || wrongFile);
  if (wrongFile) item.querySelector("[data-do-upload=resume]").hidden = true;
}

function summary() {
  const uploads = all();
  const counted = (state) => uploads.filter((one) => one.state === state).length;
  const going = uploads.filter((one) => one.state === "going");
  const rate = going.reduce((sum, one) => sum + one.rate, 0);
  const left = going.reduce((sum, one) => sum + one.sizeBytes - one.sentBytes, 0);
  const parts = [`${counted("stored")} of ${uploads.length - counted("cancelled")} stored`];
  if (counted("failed")) parts.push(`${counted("failed")} refused`);
  if (going.length) parts.push(`${size(left)} to go`);
  if (rate) parts.push(`${size(rate)}/s`, `${lasting(left / rate)} left`);
  document.getElementById("uploads-told").textContent = parts.join(", ");
  const button = (name) => shelf.querySelector(`[data-uploads=${name}]`);
  button("pause").hidden = !going.some((one) => one.inParts);
  button("resume").hidden = !counted("paused");
  button("clear").hidden = Boolean(going.length) || !uploads.length || Boolean(counted("paused") + counted("waiting"));
  shelf.hidden = !uploads.length;
}

function trim() {
  const stored = [...views].filter(([upload]) => upload.state === "stored");
  for (const [upload, item] of stored.slice(0, -KEPT_STORED)) {
    if (!item.contains(document.activeElement)) { item.remove(); views.set(upload, document.createComment("")); }
  }
}

let storedBefore = 0;
let refreshed = 0;
function changed(upload) {
  const hidden = views.get(upload) instanceof Comment;
  const begun = upload.state !== "going" || upload.requests.size || upload.told || views.size < 30;
  if (!hidden && begun) draw(upload);
  if (drawing) return;
  drawing = requestAnimationFrame(() => {
    drawing = 0;
    summary();
    trim();
    const stored = all().filter((one) => one.state === "stored").length;
    const idle = !all().some((one) => one.state === "going");
    if (stored > storedBefore && (idle || performance.now() - refreshed > 2500)) {
      storedBefore = stored;
      refreshed = performance.now();
      ended();
      if (idle) announce(`${stored} of ${all().length} uploads are stored`);
    }
  });
}

// files: [{file, key}].
export function add(files) {
  const { bucket, url } = shelf.dataset;
  const made = files.map(({ file, key }) => new Upload({ bucket, url, key, file, changed }));
  for (const one of made) { changed(one); one.start(); }
  if (made.length) announce(made.length === 1 ? `${made[0].key} is being uploaded` : `${made.length} files are being uploaded`);
}

// known: {id, key, ...}; file: null while it has to be chosen.
export function goOn(known, file = null) {
  const { bucket, url } = shelf.dataset;
  const there = all().find((one) => one.id === known.id && !["stored", "cancelled"].includes(one.state));
  if (there) { if (file) there.resume(file); return; }
  const one = new Upload({ bucket, url, key: known.key, file, known, changed });
  changed(one);
  one.start();
}

shelf?.addEventListener("click", (event) => {
  const act = event.target.closest("[data-uploads]")?.dataset.uploads;
  if (act === "pause") for (const one of all()) { if (one.inParts) one.pause(); }
  if (act === "resume") for (const one of all()) { if (one.state === "paused") one.resume(); }
  if (act === "clear") {
    for (const item of views.values()) item.remove();
    views.clear();
    storedBefore = 0;
    all().length = 0;
    shelf.hidden = true;
  }
});

addEventListener("beforeunload", (event) => { if (all().some((one) => one.state === "going")) event.preventDefault(); });
