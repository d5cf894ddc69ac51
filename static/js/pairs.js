// Rows of key and value: one more, one less. The forms post as many as there are; empty ones count for nothing.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-pair]");
  if (!button) return;
  const group = button.closest("[data-pairs]");
  const rows = [...group.querySelectorAll(".pair")];
  const last = rows.at(-1);
  if (button.dataset.pair === "add") {
    const fresh = last.cloneNode(true);
    for (const input of fresh.querySelectorAll("input")) input.value = "";
    last.after(fresh);
    fresh.querySelector("input").focus();
    return;
  }
  const row = button.closest(".pair");
  if (rows.length > 1) row.remove();
  else for (const input of row.querySelectorAll("input")) input.value = "";
  const first = group.querySelector("input");
  first.focus();
  first.dispatchEvent(new Event("change", { bubbles: true })); // the same act is shown anew
});
