// The settings of a bucket: only the fields that the choice needs, examples, and what it all asks of S3.
import "./ask.js";
import "./code-editor.js";
import "./pairs.js";

function unfold() {
  for (const place of document.querySelectorAll("[data-when]")) {
    const form = place.closest("form");
    place.hidden = !place.dataset.is.split(" ").includes(form.elements[place.dataset.when].value);
  }
}

document.addEventListener("change", unfold);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-put]");
  if (!button) return;
  const area = document.getElementById(button.dataset.into);
  area.value = document.getElementById(button.dataset.put).textContent;
  area.dispatchEvent(new Event("input", { bubbles: true }));
  area.focus();
});
unfold();
// A section that was named in the address is what the reader came for.
const opened = document.querySelector(".setting[open]");
const refused = opened?.querySelector("[aria-invalid]");
if (refused) refused.focus();
else opened?.scrollIntoView({ block: "nearest" });
