// response_mode=form_post: send the answer on without a click. An old-style
// script on purpose: engines that skip modules must run it as well.
(function () {
  var form = document.getElementById("form-post");
  if (form) HTMLFormElement.prototype.submit.call(form);
})();
