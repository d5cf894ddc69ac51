// The upload field of the object list: files and folders, chosen or dropped anywhere on the page. What this browser
// began and did not end shows as rows that wait for their file.
import { dropped } from "./dropped-files.js";
import { refresh } from "./object-list.js";
import { forget, unfinished } from "./upload-queue.js";
import { add, goOn, whenStored } from "./upload-shelf.js";

const form = document.getElementById("drop");
const prefix = () => document.getElementById("objects").dataset.prefix;
const keyed = (files) => files.map(({ file, path }) => ({ file, key: prefix() + path }));

async function waiting() {
  const { bucket, url } = document.getElementById("uploads").dataset;
  for (const known of unfinished(bucket)) {
    const there = await fetch(`${url}uploads/parts?key=${encodeURIComponent(known.key)}&upload=${encodeURIComponent(known.id)}`).catch(() => null);
    if (there?.status === 200) goOn(known);
    else if (there?.status === 404) forget(known.id); // completed or aborted elsewhere
  }
}

if (form) {
  whenStored(refresh);
  for (const name of ["files", "folder-files"]) {
    const input = document.getElementById(name);
    input.addEventListener("change", () => {
      add(keyed([...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }))));
      input.value = "";
    });
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;
  addEventListener("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth += 1;
    form.classList.add("over");
  });
  addEventListener("dragover", (event) => { if (carriesFiles(event)) event.preventDefault(); });
  const left = () => { depth = 0; form.classList.remove("over"); };
  addEventListener("dragleave", () => { depth -= 1; if (depth <= 0) left(); });
  addEventListener("drop", async (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    left();
    add(keyed(await dropped(event.dataTransfer)));
  });
  waiting();
}
