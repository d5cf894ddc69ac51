// A code editor that stays a textarea: a coloured copy lies beneath the transparent text, so keyboard,
// screen reader, undo and a page without scripts all keep working. Tab indents; Escape, then Tab, leaves.
const TOKENS = new RegExp(
  [
    "(?<comment>#[^\\n]*)",
    "(?<string>[rbfuRBFU]{0,2}(?:\"\"\"[\\s\\S]*?(?:\"\"\"|$)|'''[\\s\\S]*?(?:'''|$)|\"(?:\\\\.|[^\"\\\\\\n])*\"?|'(?:\\\\.|[^'\\\\\\n])*'?))",
    "(?<number>\\b\\d[\\w.]*\\b)",
    "(?<keyword>\\b(?:and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|nonlocal|not|or|pass|raise|return|try|while|with|yield|None|True|False)\\b)",
    "(?<call>\\b[A-Za-z_]\\w*(?=\\())",
  ].join("|"),
  "g",
);
const JSON_ONLY = ["string", "number"];

function paint(pre, text, language) {
  pre.textContent = "";
  let last = 0;
  for (const found of text.matchAll(TOKENS)) {
    const kind = Object.keys(found.groups).find((name) => found.groups[name] !== undefined);
    if (language === "json" && !JSON_ONLY.includes(kind)) continue;
    pre.append(text.slice(last, found.index));
    const span = document.createElement("span");
    span.className = `tok-${kind}`;
    span.textContent = found[0];
    pre.append(span);
    last = found.index + found[0].length;
  }
  pre.append(`${text.slice(last)}\n`);
}

function insert(area, text) {
  // execCommand keeps the browser's own undo history, which setRangeText does not.
  if (!document.execCommand("insertText", false, text)) area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
}

function indentLines(area, out) {
  const { value, selectionStart: from, selectionEnd: to } = area;
  const start = value.lastIndexOf("\n", from - 1) + 1;
  const block = value.slice(start, to);
  const changed = out ? block.replace(/^ {1,4}/gm, "") : block.replace(/^/gm, "    ");
  area.setSelectionRange(start, to);
  insert(area, changed);
  area.setSelectionRange(start, start + changed.length);
}

function edit(area) {
  const frame = area.closest(".code-editor");
  const pre = frame.querySelector("pre");
  const numbers = frame.querySelector(".line-numbers");
  let leaving = false;
  const draw = () => {
    paint(pre, area.value, area.dataset.language);
    const count = area.value.split("\n").length;
    numbers.textContent = Array.from({ length: count }, (_, line) => line + 1).join("\n");
    area.style.height = `${Math.max(count * 20 + 24, Number(area.dataset.minHeight || 320))}px`;
  };
  area.addEventListener("input", draw);
  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { leaving = true; return; }
    if (event.key === "Tab" && !leaving) {
      event.preventDefault();
      if (area.selectionStart !== area.selectionEnd || event.shiftKey) indentLines(area, event.shiftKey);
      else insert(area, "    ");
    } else if (event.key === "Enter" && area.dataset.language === "python") {
      const line = area.value.slice(area.value.lastIndexOf("\n", area.selectionStart - 1) + 1, area.selectionStart);
      const indent = line.match(/^ */)[0] + (line.trimEnd().endsWith(":") ? "    " : "");
      if (indent) { event.preventDefault(); insert(area, `\n${indent}`); }
    }
    leaving = false;
  });
  draw();
}

for (const area of document.querySelectorAll(".code-editor textarea")) edit(area);

// A select of ready texts (handlers, events) fills the editor it names.
document.addEventListener("change", (event) => {
  const select = event.target.closest("[data-fills]");
  if (!select || !select.value) return;
  const area = document.getElementById(select.dataset.fills);
  area.value = document.getElementById(select.value).textContent;
  area.dispatchEvent(new Event("input"));
});
