// The check_session_iframe of OpenID Connect Session Management 1.0 §3.2: an app's page sends
// "client_id session_state", and hears whether the state of this browser is still the same.
// Old style and synchronous on purpose: it answers in every engine that frames it.
(function () {
  var cookie = document.body.getAttribute("data-cookie");

  function state() {
    var pairs = document.cookie ? document.cookie.split("; ") : [];
    for (var i = 0; i < pairs.length; i++) {
      if (pairs[i].indexOf(cookie + "=") === 0) return pairs[i].slice(cookie.length + 1);
    }
    return "";
  }

  // SHA-256 (FIPS 180-4). The constants are the fractions of roots of the first primes.
  var roots = [];
  var begin = [];
  (function () {
    function fraction(x) {
      return ((x - Math.floor(x)) * 4294967296) | 0;
    }
    for (var n = 2; roots.length < 64; n++) {
      var prime = true;
      for (var d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
      if (!prime) continue;
      if (begin.length < 8) begin.push(fraction(Math.pow(n, 1 / 2)));
      roots.push(fraction(Math.pow(n, 1 / 3)));
    }
  })();

  function turn(x, by) {
    return (x >>> by) | (x << (32 - by));
  }

  function sha256(text) {
    var bytes = unescape(encodeURIComponent(text));
    var words = [];
    for (var i = 0; i < bytes.length; i++) words[i >> 2] |= bytes.charCodeAt(i) << (24 - (i % 4) * 8);
    words[bytes.length >> 2] |= 0x80 << (24 - (bytes.length % 4) * 8);
    var blocks = ((bytes.length + 8) >> 6) + 1;
    words[blocks * 16 - 1] = bytes.length * 8;
    var hash = begin.slice();
    for (var at = 0; at < blocks * 16; at += 16) {
      var w = [];
      var s = hash.slice();
      for (var t = 0; t < 64; t++) {
        if (t < 16) {
          w[t] = words[at + t] | 0;
        } else {
          var x = w[t - 15];
          var y = w[t - 2];
          var low = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
          var high = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
          w[t] = (w[t - 16] + low + w[t - 7] + high) | 0;
        }
        var one = turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25);
        var choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
        var first = (s[7] + one + choice + roots[t] + w[t]) | 0;
        var two = turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22);
        var majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        s = [(first + two + majority) | 0, s[0], s[1], s[2], (s[3] + first) | 0, s[4], s[5], s[6]];
      }
      for (var k = 0; k < 8; k++) hash[k] = (hash[k] + s[k]) | 0;
    }
    return hash
      .map(function (word) {
        return ("0000000" + (word >>> 0).toString(16)).slice(-8);
      })
      .join("");
  }

  function judge(message, origin) {
    var parts = typeof message === "string" ? message.split(" ") : [];
    var sent = (parts[1] || "").split(".");
    if (parts.length !== 2 || !parts[0] || sent.length !== 2 || !sent[0] || !sent[1]) return "error";
    return sha256([parts[0], origin, state(), sent[1]].join(" ")) === sent[0] ? "unchanged" : "changed";
  }

  window.addEventListener("message", function (event) {
    // A page without an origin could be anybody's; nobody hears the answer but the one who asked.
    if (!event.source || !event.origin || event.origin === "null") return;
    event.source.postMessage(judge(event.data, event.origin), event.origin);
  });
})();
