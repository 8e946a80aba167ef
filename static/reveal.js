// Lets people read the password they type. Without scripts it is a plain field.
for (const field of document.querySelectorAll("input[data-show]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "reveal";
  button.setAttribute("aria-controls", field.id);
  const show = (shown) => {
    field.type = shown ? "text" : "password";
    button.textContent = shown ? field.dataset.hide : field.dataset.show;
  };
  button.addEventListener("click", () => show(field.type === "password"));
  // Password managers look for a password field at the time of sending.
  field.form.addEventListener("submit", () => show(false));
  show(false);
  field.after(button);
}
