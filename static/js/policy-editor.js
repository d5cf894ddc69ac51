// The policy editor while somebody types: what the service would refuse, where, and who could do what with the draft.
// The server says all of it (identity:check, identity:ask, identity:insert); without scripts the same buttons post.
const WAIT_MS = 350;
const LINE = 20; // pixels, as .code-editor draws them
const TOP = 12;

function replace(area, text) {
  area.focus();
  area.select();
  // execCommand keeps the browser's own undo history: what was put in can be taken back by Ctrl+Z.
  if (!document.execCommand("insertText", false, text)) {
    area.value = text;
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
  area.setSelectionRange(area.value.length, area.value.length);
}

function mark(area, name, from, to) {
  const stack = area.parentElement;
  stack.querySelector(`.mark-${name}`)?.remove();
  if (!from) return;
  const band = document.createElement("span");
  band.className = `mark mark-${name}`;
  band.style.top = `${TOP + (from - 1) * LINE}px`;
  band.style.height = `${(to - from + 1) * LINE}px`;
  stack.prepend(band);
}

function say(place, told) {
  place.textContent = "";
  place.classList.toggle("bad", Boolean(told.message));
  if (!told.message) return;
  if (told.statement) {
    const strong = document.createElement("strong");
    const sid = told.sid ? ` (${told.sid})` : "";
    strong.textContent = `Statement ${told.statement}${sid}${told.line ? `, line ${told.line}` : ""}: `;
    place.append(strong);
  }
  place.append(told.message + (told.hint ? ` ${told.hint}` : ""));
}

function start(form) {
  const editor = form.querySelector(".policy-editor");
  const area = editor.querySelector("#policy");
  const problem = editor.querySelector("#policy-problem");
  const answer = editor.querySelector("[data-answer]");
  let asked = 0;
  let timer = 0;

  const post = (url) => fetch(url, {
    method: "POST",
    body: new FormData(form),
    headers: { "HX-Request": "true", "X-CSRFToken": document.body.dataset.csrf },
  }).catch(() => null);

  const band = () => {
    const verdict = answer.querySelector(".verdict[data-from]");
    if (!verdict) { mark(area, "decides", 0); return; }
    mark(area, "decides", Number(verdict.dataset.from), Number(verdict.dataset.to));
    area.parentElement.querySelector(".mark-decides").classList.toggle("denies", verdict.classList.contains("bad"));
  };

  async function look() {
    const turn = ++asked;
    const [checked, told] = await Promise.all([post(editor.dataset.check), post(editor.dataset.ask)]);
    if (turn !== asked) return; // a newer draft is on its way
    if (checked?.ok) {
      const found = await checked.json();
      if (turn !== asked) return;
      const wrong = area.value.trim() ? found.problem : {};
      say(problem, wrong);
      area.toggleAttribute("aria-invalid", false);
      if (wrong.message) area.setAttribute("aria-invalid", "true");
      editor.querySelector("[data-size]").textContent = found.size;
      mark(area, "wrong", wrong.line || 0, wrong.line || 0);
    }
    if (told?.ok) {
      const html = await told.text();
      if (turn !== asked) return;
      if (answer.innerHTML !== html) answer.innerHTML = html;
      band();
    } else if (told?.status === 404) {
      answer.textContent = "There is no such user or role any more.";
      mark(area, "decides", 0);
    }
  }

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT_MS);
  };

  editor.addEventListener("input", later);
  editor.addEventListener("change", later);
  form.querySelector("[name=name]")?.addEventListener("input", later);
  editor.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-act]");
    if (!button) return;
    event.preventDefault();
    if (button.dataset.act === "put") {
      replace(area, document.getElementById(button.dataset.text).textContent);
    } else if (button.dataset.act === "insert") {
      const told = await post(editor.dataset.insert);
      if (!told?.ok) return;
      const { text } = await told.json();
      if (text === area.value) say(problem, { message: "The statement cannot be put in while the text is no JSON." });
      else replace(area, text);
    }
    look();
  });
  // Enter in a field asks; it does not save.
  editor.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("input[type=text]")) return;
    event.preventDefault();
    look();
  });
  band();
  look();
}

for (const form of document.querySelectorAll("form[data-policy-editor]")) start(form);
