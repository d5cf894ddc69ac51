// Puts an example policy into the field; nothing is sent until it is saved.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-example]");
  if (!button) return;
  const field = document.getElementById("policy");
  field.value = document.getElementById(button.dataset.example).textContent;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});
