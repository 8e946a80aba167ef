#!/usr/bin/env bash
# Makes sure that the Debian packages the tests need are there: what is missing is installed when that is
# possible (root or password-less sudo, and apt), and otherwise named, with the command that installs it.
# Usage: packages.sh COMMAND=PACKAGE...   e.g. packages.sh psql=postgresql chromium=chromium
set -euo pipefail

# Where Debian keeps the server programs of PostgreSQL, which are not in PATH.
has() {
  case $1 in
    initdb) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null ;;
    chromium) [ -n "${SYMBOLON_CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null ;;
    # Not the package apache2: that one starts a server.
    apache2) [ -x /usr/sbin/apache2 ] ;;
    mod_auth_openidc) [ -e /usr/lib/apache2/modules/mod_auth_openidc.so ] ;;
    venv) python3 -c 'import venv, ensurepip' >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

missing=()
for pair in "$@"; do
  has "${pair%%=*}" || missing+=("${pair#*=}")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "Missing: ${missing[*]} (Debian package names). Install them, then run this again." >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
  else
    echo "Missing packages. Install them as root, then run this again:" >&2
    echo "  apt-get install ${missing[*]}" >&2
    exit 1
  fi
fi
echo "installing: ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
for pair in "$@"; do
  has "${pair%%=*}" || { echo "${pair#*=} is installed, but ${pair%%=*} is still missing" >&2; exit 1; }
done
