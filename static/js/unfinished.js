// The list of unfinished uploads: choose the file again, and the upload goes on where it stopped.
import "./ask.js";
import { unfinished } from "./upload-queue.js";
import { goOn, whenStored } from "./upload-shelf.js";

whenStored(() => {
  // The row of a finished upload has nothing to offer any more.
  for (const row of document.querySelectorAll("tr[data-upload].going")) row.remove();
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-go-on]") || !event.target.files.length) return;
  const row = event.target.closest("tr");
  const { upload: id, key } = row.dataset;
  const { bucket } = document.getElementById("uploads").dataset;
  const known = unfinished(bucket).find((one) => one.id === id) ?? { id, key };
  row.classList.add("going");
  goOn(known, event.target.files[0]);
  event.target.value = "";
});
