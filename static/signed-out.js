// The signed-out page goes on when every frame has loaded, and does not wait
// for one that hangs. Without scripts the page's own refresh does the same.
// Old style on purpose: engines that skip modules must run it as well.
(function () {
  var link = document.getElementById("signed-out-continue");
  if (!link) return;
  var gone = false;
  function leave() {
    if (gone) return;
    gone = true;
    window.location.replace(link.href);
  }
  window.addEventListener("load", leave);
  window.setTimeout(leave, 5000);
})();
