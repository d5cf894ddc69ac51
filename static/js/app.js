// What every page does: the theme's switch, copy buttons, dialogs, selects that submit.
const root = document.documentElement;

function announce(text) {
  const live = document.getElementById("live");
  if (live) live.textContent = text;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-do]");
  if (!button) return;
  if (button.dataset.do === "theme") {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  } else if (button.dataset.do === "copy") {
    const text = document.getElementById(button.dataset.from).textContent;
    await navigator.clipboard.writeText(text);
    const label = button.textContent;
    button.textContent = "Copied";
    announce("Copied");
    setTimeout(() => { button.textContent = label; }, 1200);
  } else if (button.dataset.do === "open") {
    document.getElementById(button.dataset.dialog).showModal();
  } else if (button.dataset.do === "close") {
    button.closest("dialog").close();
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
});

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
}, true);

for (const bar of document.querySelectorAll("[data-width]")) bar.style.width = `${bar.dataset.width}%`;
const opened = document.querySelector("dialog[data-open]");
if (opened) opened.showModal();
