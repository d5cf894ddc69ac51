// A line of the bill opens to its meters in a sheet; without this script the link leads to a page of its own.
const sheet = document.getElementById("meters");

document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-meters]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  const answer = await fetch(link.href, { headers: { "HX-Request": "true" } });
  if (!answer.ok) {
    location.href = link.href;
    return;
  }
  sheet.innerHTML = await answer.text();
  sheet.showModal();
});

// A click beside the sheet closes it.
sheet.addEventListener("click", (event) => {
  if (event.target === sheet) sheet.close();
});
