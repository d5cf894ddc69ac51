// Drag and drop, several files, each with its rate, progress and a cancel; two go up at a time.
const form = document.getElementById("drop");
const shelf = document.getElementById("uploads");
const waiting = [];
let running = 0;
let stored = 0;

const size = (bytes) => {
  const units = ["B", "KiB", "MiB", "GiB"];
  let step = 0;
  while (bytes >= 1024 && step < 3) { bytes /= 1024; step += 1; }
  return `${bytes.toFixed(step ? 1 : 0)} ${units[step]}`;
};

function row(file, key) {
  const item = document.createElement("div");
  item.className = "upload";
  const name = document.createElement("span");
  name.textContent = key;
  const cancel = document.createElement("button");
  cancel.type = "button";
  cancel.className = "button small";
  cancel.textContent = "Cancel";
  cancel.setAttribute("aria-label", `Cancel ${key}`);
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", `Upload of ${key}`);
  const told = document.createElement("span");
  told.className = "small muted";
  told.textContent = `${size(file.size)}, waiting`;
  item.append(name, cancel, bar, told);
  shelf.append(item);
  shelf.hidden = false;
  return { item, cancel, bar, told };
}

function send(file, key, view) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    const started = performance.now();
    const end = (text, bad) => {
      view.told.textContent = text;
      view.told.className = bad ? "small problem" : "small muted";
      view.cancel.remove();
      done(!bad);
    };
    request.upload.onprogress = (event) => {
      const seconds = (performance.now() - started) / 1000;
      view.bar.value = event.loaded / (event.total || 1);
      view.told.textContent = `${size(event.loaded)} of ${size(event.total)}, ${size(event.loaded / Math.max(seconds, 0.05))}/s`;
    };
    request.onload = () => {
      if (request.status === 200) {
        view.bar.value = 1;
        end(`${size(file.size)} stored in ${((performance.now() - started) / 1000).toFixed(1)} s`, false);
      } else {
        let message = `refused (${request.status})`;
        try { message = JSON.parse(request.responseText).message || message; } catch { /* not JSON: the status says it */ }
        end(message, true);
      }
    };
    request.onerror = () => end("The connection broke. Drop the file again.", true);
    request.onabort = () => end("Cancelled, nothing was stored", true);
    view.cancel.onclick = () => request.abort();
    request.open("PUT", `${form.action}?key=${encodeURIComponent(key)}`);
    request.setRequestHeader("X-CSRFToken", document.body.dataset.csrf);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.send(file);
  });
}

async function work() {
  if (running >= 2 || !waiting.length) return;
  running += 1;
  const { file, key, view } = waiting.shift();
  if (await send(file, key, view)) stored += 1;
  running -= 1;
  if (!running && !waiting.length && stored) location.reload();
  work();
}

function add(files) {
  for (const file of files) {
    const key = document.getElementById("objects").dataset.prefix + (file.webkitRelativePath || file.name);
    const view = row(file, key);
    const job = { file, key, view };
    view.cancel.onclick = () => {
      waiting.splice(waiting.indexOf(job), 1);
      view.item.remove();
    };
    waiting.push(job);
    work();
  }
}

for (const kind of ["dragenter", "dragover"]) {
  form.addEventListener(kind, (event) => { event.preventDefault(); form.classList.add("over"); });
}
for (const kind of ["dragleave", "drop"]) {
  form.addEventListener(kind, () => form.classList.remove("over"));
}
form.addEventListener("drop", (event) => { event.preventDefault(); add(event.dataTransfer.files); });
const input = document.getElementById("files");
input.addEventListener("change", () => { add([...input.files]); input.value = ""; });
form.addEventListener("submit", (event) => { event.preventDefault(); if (!input.files.length) input.click(); });
