// The object list as a file manager: arrow keys, Shift, a menu of actions, folders that open in place.
// The ticks of the rows are the choice, so the same form posts without this script. The list is swapped as one
// fragment; uploads beside it go on.
import { ask, showWays } from "./ask.js";
import { size } from "./sizes.js";

const list = () => document.getElementById("objects");
const rows = () => [...list().querySelectorAll("tr[data-row]")];
const menu = document.getElementById("row-menu");
const announce = (text) => { document.getElementById("live").textContent = text; };
const tick = (row) => row.querySelector("input[type=checkbox]");
const chosen = () => rows().filter((row) => tick(row)?.checked);
let anchor = null; // where a range chosen with Shift begins

// -- the list itself ------------------------------------------------------------------------------

function swap(html, focus) {
  const typed = document.activeElement?.id === "begins" ? document.activeElement.selectionStart : null;
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("objects");
  list().replaceWith(fresh);
  anchor = null;
  dress();
  const place = document.getElementById("drop-place");
  if (place) place.textContent = `${fresh.dataset.bucket}/${fresh.dataset.prefix}`;
  for (const field of document.querySelectorAll("#drop [name=prefix], #new-folder [name=prefix]")) field.value = fresh.dataset.prefix;
  const told = fresh.querySelector(".notice p");
  if (told) announce(told.textContent);
  if (typed !== null) {
    const field = document.getElementById("begins");
    field.focus();
    field.setSelectionRange(typed, typed);
  } else if (focus === "switch") fresh.querySelector("[role=switch]")?.focus();
  else if (typeof focus === "number" && rows().length) activate(rows()[Math.min(focus, rows().length - 1)]);
}

async function read(answer, focus, push) {
  if (!answer.ok || !new URL(answer.url).pathname.startsWith("/buckets/")) {
    const text = await answer.text();
    const refusal = new DOMParser().parseFromString(text, "text/html").querySelector(".notice.bad");
    if (!refusal) return location.assign(answer.url);
    list().prepend(refusal);
    return announce(refusal.textContent);
  }
  swap(await answer.text(), focus);
  if (push && answer.url !== location.href) history.pushState({}, "", answer.url);
}

export async function show(url, { focus = 0, push = true } = {}) {
  await read(await fetch(url, { headers: { "HX-Request": "true" } }), focus, push);
}

// Shows what changed, and keeps what is chosen and where the keyboard is.
export async function refresh() {
  const kept = new Set(chosen().map((row) => tick(row).value));
  const at = document.activeElement?.closest("#objects tr[data-row]")?.dataset.key;
  await show(location.href, { focus: null, push: false });
  for (const row of rows()) {
    if (tick(row) && kept.has(tick(row).value)) tick(row).checked = true;
    if (at !== undefined && row.dataset.key === at) activate(row);
  }
  tell();
}
addEventListener("popstate", () => show(location.href, { push: false }));

async function post(form, submitter, extra = {}) {
  const data = new FormData(form, submitter);
  for (const [name, value] of Object.entries(extra)) data.append(name, value);
  const at = Math.max(0, rows().indexOf(list().querySelector("tr[tabindex='0']")));
  const headers = { "HX-Request": "true", "X-CSRFToken": document.body.dataset.csrf };
  return [await fetch(submitter?.hasAttribute("formaction") ? submitter.formAction : form.action, { method: "POST", body: data, headers }), at];
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (event.defaultPrevented) return;
  if (form.id === "find") {
    event.preventDefault();
    show(`${form.action}?${new URLSearchParams(new FormData(form))}`, { focus: null });
  } else if (form.dataset.list !== undefined) {
    event.preventDefault();
    const [answer, at] = await post(form, event.submitter);
    const dialog = form.closest("dialog");
    if (answer.status === 422 && dialog) {
      dialog.innerHTML = await answer.text();
      dialog.querySelector("[aria-invalid]")?.focus();
      return;
    }
    dialog?.close();
    if (dialog?.id === "new-folder") form.reset();
    await read(answer, at, true);
  }
});

let typing = 0;
document.addEventListener("input", (event) => {
  if (event.target.id !== "begins") return;
  clearTimeout(typing);
  typing = setTimeout(() => document.getElementById("find").requestSubmit(), 300);
});

// -- choosing -------------------------------------------------------------------------------------

function dress() {
  const all = rows();
  for (const row of all) {
    row.tabIndex = -1;
    for (const one of row.querySelectorAll("a, button, input")) one.tabIndex = -1;
  }
  if (all[0]) all[0].tabIndex = 0;
  tell();
}

function tell() {
  const found = chosen();
  for (const row of rows()) row.setAttribute("aria-selected", Boolean(tick(row)?.checked));
  const bar = document.getElementById("chosen-bar");
  if (!bar) return;
  bar.hidden = !found.length;
  if (!found.length) return;
  const bytes = found.reduce((sum, row) => sum + Number(row.dataset.size), 0);
  document.getElementById("chosen-count").textContent = `${found.length} chosen, ${size(bytes)}`;
  for (const button of bar.querySelectorAll("[data-act]")) button.hidden = !possible(found).has(button.dataset.act) && button.dataset.act !== "clear";
  const all = document.getElementById("choose-all");
  if (all) {
    all.checked = found.length === rows().length;
    all.indeterminate = found.length > 0 && !all.checked;
  }
}

function activate(row, focus = true) {
  if (!row) return;
  for (const one of rows()) {
    one.tabIndex = one === row ? 0 : -1;
    for (const inner of one.querySelectorAll("a, button")) inner.tabIndex = one === row ? 0 : -1;
  }
  if (focus) row.focus();
}

function only(row) {
  for (const one of rows()) if (tick(one)) tick(one).checked = one === row;
  anchor = row;
  tell();
}

function range(row) {
  const all = rows();
  const [from, to] = [all.indexOf(anchor ?? row), all.indexOf(row)].sort((a, b) => a - b);
  all.forEach((one, at) => { if (tick(one)) tick(one).checked = at >= from && at <= to; });
  tell();
}

function toggle(row) {
  if (tick(row)) tick(row).checked = !tick(row).checked;
  anchor = row;
  tell();
}

document.addEventListener("click", (event) => {
  if (!menu?.hidden && !menu.contains(event.target)) closeMenu(false);
  const link = event.target.closest("a[data-browse]");
  if (link && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
    event.preventDefault();
    show(link.href, { focus: link.dataset.keep || 0 });
    return;
  }
  const act = event.target.closest("#objects [data-act], #row-menu [data-act]");
  if (act) {
    const row = act.closest("tr");
    if (act.dataset.act === "menu") openMenu(row, act);
    else { closeMenu(); perform(act.dataset.act); }
    return;
  }
  const row = event.target.closest("#objects tr[data-row]");
  if (!row || event.target.closest("a, button, label")) return;
  if (event.target.matches("input")) {
    if (event.shiftKey && anchor) { event.target.checked = true; range(row); } else { anchor = row; tell(); }
    activate(row);
    return;
  }
  if (event.shiftKey) range(row);
  else if (event.ctrlKey || event.metaKey) toggle(row);
  else only(row);
  activate(row);
});

document.addEventListener("mousedown", (event) => {
  if (event.shiftKey && event.target.closest("#objects tr[data-row]")) event.preventDefault(); // no text is marked
});

document.addEventListener("dblclick", (event) => {
  const row = event.target.closest("#objects tr[data-row]");
  if (row && !event.target.closest("a, button, input")) row.querySelector("[data-open]").click();
});

document.addEventListener("change", (event) => {
  if (event.target.id !== "choose-all") return;
  for (const row of rows()) if (tick(row)) tick(row).checked = event.target.checked;
  tell();
});

// -- keys -----------------------------------------------------------------------------------------

const KEYS = {
  Enter: (row) => row.querySelector("[data-open]").click(),
  Backspace: () => [...list().querySelectorAll(".path a")].at(-2)?.click(),
  Escape: () => only(null),
  F2: (row) => { if (!chosen().length) only(row); perform("rename"); },
  Delete: (row) => { if (!chosen().length) only(row); perform("delete"); },
  c: (row) => { if (!chosen().length) only(row); perform("copy"); },
  ContextMenu: (row) => openMenu(row, row),
};

function move(row, key, extend) {
  const all = rows();
  const at = all.indexOf(row);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1, PageDown: at + 10, PageUp: at - 10 }[key];
  const next = all[Math.max(0, Math.min(all.length - 1, to))];
  activate(next);
  if (extend) { anchor ??= row; range(next); } else anchor = next;
}

document.addEventListener("keydown", (event) => {
  if (event.target.matches("a[role=switch]") && event.key === " ") { event.preventDefault(); event.target.click(); return; }
  if (event.target.closest("#row-menu")) return menuKey(event);
  if (event.target.closest("dialog") || event.target.matches("input:not([type=checkbox]), textarea, select")) return;
  if (event.key === "/" && document.getElementById("begins")) { event.preventDefault(); document.getElementById("begins").focus(); return; }
  if (event.key === "?") { event.preventDefault(); return document.getElementById("keys").showModal(); }
  const row = event.target.closest("#objects tr[data-row]");
  if (!row) return;
  const onRow = event.target === row;
  if (["ArrowDown", "ArrowUp", "Home", "End", "PageDown", "PageUp"].includes(event.key)) {
    event.preventDefault();
    move(row, event.key, event.shiftKey);
  } else if (event.key === " " && onRow) {
    event.preventDefault();
    toggle(row);
  } else if (event.key === "a" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    anchor = rows()[0];
    range(rows().at(-1));
  } else if (event.key === "F10" && event.shiftKey) {
    event.preventDefault();
    openMenu(row, row);
  } else if (KEYS[event.key] && (onRow || event.key !== "Enter") && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    KEYS[event.key](row);
  }
});

document.addEventListener("contextmenu", (event) => {
  const row = event.target.closest("#objects tr[data-row]");
  if (!row || !menu || event.shiftKey) return; // with Shift the browser's own
  event.preventDefault();
  openMenu(row, { x: event.clientX, y: event.clientY });
});

// -- the menu -------------------------------------------------------------------------------------

let opener = null;
let openedAt = 0; // where the page was scrolled to

function possible(found) {
  const kinds = new Set(found.map((row) => row.dataset.kind));
  const one = found.length === 1 ? found[0] : null;
  const acts = new Set(["copy", "delete"]);
  if (one) acts.add("open");
  if (!kinds.has("folder") && !kinds.has("marker")) acts.add("download");
  if (one?.dataset.kind === "object") acts.add("rename");
  if (one && one.dataset.kind !== "folder") acts.add("history");
  if (one?.dataset.kind === "version" && one.dataset.latest === undefined) acts.add("restore");
  if (one?.dataset.kind === "marker" && one.dataset.latest !== undefined) acts.add("undelete");
  return acts;
}

function openMenu(row, at) {
  if (!menu) return;
  if (!tick(row)?.checked) only(row);
  activate(row, false);
  opener = row;
  openedAt = scrollY;
  const acts = possible(chosen());
  for (const item of menu.children) item.hidden = !acts.has(item.dataset.act);
  menu.hidden = false;
  const box = at instanceof Element ? at.getBoundingClientRect() : { right: at.x, bottom: at.y, top: at.y };
  const own = menu.getBoundingClientRect();
  const x = at instanceof Element ? Math.min(box.right - own.width, innerWidth) : box.right;
  menu.style.left = `${Math.max(8, Math.min(x, innerWidth - own.width - 8))}px`;
  menu.style.top = `${box.bottom + own.height > innerHeight - 8 ? Math.max(8, box.top - own.height) : box.bottom}px`;
  [...menu.children].find((item) => !item.hidden).focus();
}

function closeMenu(focus = true) {
  if (!menu || menu.hidden) return;
  menu.hidden = true;
  if (focus) opener?.focus();
}

function menuKey(event) {
  const items = [...menu.children].filter((item) => !item.hidden);
  const at = items.indexOf(event.target);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to !== undefined) { event.preventDefault(); items[(to + items.length) % items.length].focus(); }
  else if (event.key === "Escape" || event.key === "Tab") { event.preventDefault(); closeMenu(); }
}
addEventListener("scroll", () => { if (Math.abs(scrollY - openedAt) > 40) closeMenu(false); }, { passive: true });

// -- actions --------------------------------------------------------------------------------------

const LOSES = { // what a delete means, by the bucket's versioning
  Enabled: "A delete marker hides the key. Its versions stay, and the delete can be undone.",
  Suspended: "A delete marker takes the place of the version null, which goes for good. Versions with an id stay.",
  "": "This bucket keeps no versions, so it cannot be undone.",
};

async function remove(found) {
  const form = document.getElementById("chosen");
  const forGood = found.some((row) => row.dataset.id);
  const folders = found.filter((row) => row.dataset.kind === "folder").length;
  const what = found.length === 1 ? found[0].dataset.key : `${found.length} entries`;
  const text = forGood
    ? "These versions go for good: nothing brings them back. Deleting a delete marker shows the version below it again."
    : `${folders ? "Everything that lies in a chosen folder goes with it. " : ""}${LOSES[list().dataset.versioning]}`;
  const answer = await ask({
    title: `Delete ${what}?`, text, yes: forGood ? "Delete for good" : "Delete",
    ways: { url: list().dataset.ways, data: new FormData(form) }, bypass: forGood && Boolean(list().dataset.lock),
  });
  if (!answer) return found[0].focus();
  const [done, at] = await post(form, null, answer.bypass ? { bypass: "1" } : {});
  await read(done, at, false);
}

function download(found) {
  for (const row of found) {
    const link = document.createElement("a");
    link.href = row.dataset.save;
    link.download = "";
    link.click();
  }
  announce(found.length === 1 ? "Download begins" : `${found.length} downloads begin`);
}

async function copy(found) {
  const text = found.map((row) => row.dataset.uri).join("\n");
  await navigator.clipboard?.writeText(text);
  announce(`Copied ${text}`);
  const count = document.getElementById("chosen-count");
  const before = count.textContent;
  count.textContent = found.length === 1 ? "Path copied" : `${found.length} paths copied`;
  setTimeout(() => { if (count.isConnected) count.textContent = before; }, 1500);
}

function rename(row) {
  const dialog = document.getElementById("rename");
  const form = dialog.querySelector("form");
  form.elements.key.value = row.dataset.key;
  form.elements.to.value = row.dataset.key;
  dialog.showModal();
  const dot = row.dataset.key.lastIndexOf(".");
  const from = row.dataset.key.lastIndexOf("/") + 1;
  form.elements.to.setSelectionRange(from, dot > from ? dot : row.dataset.key.length);
  showWays(form);
}

async function bring(row, name) {
  const form = document.getElementById("chosen");
  const button = [...row.querySelectorAll("button[formaction]")].find((one) => one.name === name);
  const [answer, at] = await post(form, button);
  await read(answer, at, false);
}

function perform(act) {
  const found = chosen();
  if (act === "clear") { only(null); activate(list().querySelector("tr[tabindex='0']")); return; }
  if (!found.length || !possible(found).has(act)) return;
  const [row] = found;
  if (act === "open") row.querySelector("[data-open]").click();
  else if (act === "download") download(found);
  else if (act === "copy") copy(found);
  else if (act === "rename") rename(row);
  else if (act === "history") location.assign(row.dataset.history);
  else if (act === "restore" || act === "undelete") bring(row, act);
  else if (act === "delete") remove(found);
}

dress();
