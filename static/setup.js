// The setup link carries its code after "#", which browsers never send to a
// server or a log. Move it into the field, then out of the address bar.
const field = document.getElementById("code");
const code = new URLSearchParams(location.hash.slice(1)).get("k");
if (field && code) {
  field.value = code;
  history.replaceState(null, "", location.pathname + location.search);
  const next = document.getElementById("username");
  if (next && !next.value) next.focus();
}
