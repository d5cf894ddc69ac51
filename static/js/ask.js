// Asks before what cannot be undone, in a dialog of the page; and keeps "the same act" beside a form true while
// the form is filled in. Without scripts the forms post at once, and the service's own rules decide.
const dialog = document.getElementById("ask");
let pending = () => {}; // answers the question that is asked
const headers = () => ({ "HX-Request": "true", "X-CSRFToken": document.body.dataset.csrf });

async function fill(place, url, data) {
  const open = [...place.querySelectorAll("details")].map((one) => one.open);
  const answer = await fetch(url, { method: "POST", body: data, headers: headers() }).catch(() => null);
  if (!answer || !answer.ok) return;
  place.innerHTML = await answer.text();
  place.querySelectorAll("details").forEach((one, at) => { one.open = Boolean(open[at]); });
}

// Resolves to null for no, to {bypass} for yes. ways: {url, data} of the act to show; bypass: offer it.
export function ask({ title, text, yes = "Delete", ways = null, bypass = false }) {
  dialog.querySelector("#ask-title").textContent = title;
  dialog.querySelector("#ask-text").textContent = text;
  dialog.querySelector("#ask-yes").textContent = yes;
  dialog.querySelector("#ask-bypass-field").hidden = !bypass;
  dialog.querySelector("#ask-bypass").checked = false;
  const place = dialog.querySelector("#ask-ways");
  place.textContent = "";
  if (ways) fill(place, ways.url, ways.data);
  pending(null); // a question that was closed a moment ago, whose close event has not come yet
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((done) => { pending = done; });
}

dialog?.addEventListener("close", () => {
  if (!dialog.open) pending(dialog.returnValue === "yes" ? { bypass: dialog.querySelector("#ask-bypass").checked } : null);
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const asked = event.submitter?.dataset.ask || form.dataset.ask;
  if (!asked || form.dataset.sure) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const submitter = event.submitter;
  const from = { ...form.dataset, ...submitter?.dataset };
  const answer = await ask({ title: from.askTitle || "Are you sure?", text: asked, yes: from.askYes, bypass: "askBypass" in from });
  if (!answer) return;
  if (answer.bypass) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "bypass", value: "1" });
    form.append(field);
  }
  form.dataset.sure = "1";
  form.requestSubmit(submitter);
  delete form.dataset.sure;
}, true);

const waiting = new WeakMap();
export function showWays(form) {
  const place = form.querySelector(".ways-live");
  if (!place) return;
  clearTimeout(waiting.get(form));
  waiting.set(form, setTimeout(() => fill(place, place.dataset.ways, new FormData(form)), 300));
}
for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => { if (event.target.form) showWays(event.target.form); });
}

// On a phone the tabs are wider than the page: the present one is brought into view.
const present = document.querySelector(".tabs [aria-current]");
if (present) present.parentElement.scrollLeft = present.offsetLeft - present.parentElement.clientWidth / 2 + present.offsetWidth / 2;
