#!/usr/bin/env bash
# A private PostgreSQL cluster (15 or later) for the tests: in one directory, on a free port of 127.0.0.1 and on
# a unix socket, durable (fsync on), with TLS under a certificate of its own.
#
#   postgres.sh start DIR     create it if DIR is empty, start it, write DIR/environment (to be sourced)
#   postgres.sh crash DIR     kill -9 every process of it
#   postgres.sh resume DIR    start it again on the same port, with crash recovery
#   postgres.sh stop DIR      stop it at once; DIR stays
#
# PostgreSQL refuses to run as root: then everything runs as the user postgres, who owns DIR.
set -euo pipefail

verb=${1:?start, crash, resume or stop}
dir=${2:?the directory of the cluster}
data=$dir/data

bin=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1 || true)
if [ -z "$bin" ]; then
  bin=$(dirname "$(command -v initdb)")
fi

as_owner() {
  if [ "$(id -u)" -eq 0 ]; then
    # From a directory that the user postgres may enter.
    (cd "$dir" && runuser -u postgres -- "$@")
  else
    "$@"
  fi
}

free_port() {
  perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1", LocalPort => 0)->sockport'
}

create() {
  local major
  major=$("$bin/postgres" --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')
  [ "$major" -ge 15 ] || { echo "PostgreSQL $major is too old: 15 or later is needed" >&2; exit 1; }
  mkdir -p "$dir"
  # The owner reaches the data; other users may read only the certificate and the environment file.
  chmod 755 "$dir"
  if [ "$(id -u)" -eq 0 ]; then chown postgres: "$dir"; fi

  local password
  password=$(openssl rand -hex 16)
  (umask 077 && printf '%s' "$password" >"$dir/password")
  if [ "$(id -u)" -eq 0 ]; then chown postgres: "$dir/password"; fi
  as_owner "$bin/initdb" -D "$data" -U symbolon --pwfile="$dir/password" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }

  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
    -keyout "$data/server.key" -out "$data/server.crt" 2>/dev/null
  chmod 600 "$data/server.key"
  cp "$data/server.crt" "$dir/ca.crt"
  if [ "$(id -u)" -eq 0 ]; then chown postgres: "$data/server.key" "$data/server.crt"; fi

  # Durable on purpose: the tests kill it and count what was acknowledged.
  cat >>"$data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$dir'
max_connections = 200
shared_buffers = 64MB
fsync = on
synchronous_commit = on
full_page_writes = on
restart_after_crash = off
ssl = on
ssl_cert_file = 'server.crt'
ssl_key_file = 'server.key'
log_min_messages = warning
CONF
}

launch() {
  as_owner "$bin/pg_ctl" -D "$data" -l "$dir/postgres.log" -o "-p $1" -w -t 30 start >"$dir/pg_ctl.log" 2>&1
}

start() {
  [ -f "$data/PG_VERSION" ] || create
  local password port attempt
  password=$(cat "$dir/password")
  for attempt in 1 2 3 4 5; do
    port=$(free_port)
    if launch "$port"; then break; fi
    # Another program may have taken the port in between; anything else fails again.
    [ "$attempt" -lt 5 ] || { cat "$dir/pg_ctl.log" "$dir/postgres.log" >&2; exit 1; }
  done
  echo "$port" >"$dir/port"
  PGPASSWORD=$password "$bin/psql" -q -h "$dir" -p "$port" -U symbolon -d postgres -c 'CREATE DATABASE symbolon' >/dev/null
  (umask 077 && cat >"$dir/environment" <<ENV
export SYMBOLON_TEST_POSTGRES=postgres://symbolon:$password@127.0.0.1:$port/symbolon
export SYMBOLON_TEST_POSTGRES_CA=$dir/ca.crt
export SYMBOLON_TEST_POSTGRES_SOCKET=$dir
export SYMBOLON_TEST_POSTGRES_DIR=$dir
ENV
  )
}

# The postmaster and its children, as one list of process ids; empty when it does not run.
processes() {
  local postmaster
  postmaster=$(head -n 1 "$data/postmaster.pid" 2>/dev/null) || return 0
  echo "$postmaster"
  cat "/proc/$postmaster/task/$postmaster/children" 2>/dev/null || true
}

crash() {
  local all
  all=$(processes | tr '\n' ' ')
  [ -n "$all" ] || { echo "the cluster in $dir does not run" >&2; exit 1; }
  # shellcheck disable=SC2086  # a list of numbers
  kill -9 $all 2>/dev/null || true
  local id attempt
  for id in $all; do
    for attempt in $(seq 100); do
      kill -0 "$id" 2>/dev/null || break
      # A zombie has released everything that matters.
      grep -q '^State:[[:space:]]*Z' "/proc/$id/status" 2>/dev/null && break
      sleep 0.02
    done
  done
}

resume() {
  local attempt
  # What a killed server leaves behind; its process id may live on as a zombie or as another program.
  rm -f "$data/postmaster.pid" "$dir"/.s.PGSQL.*
  for attempt in 1 2 3 4 5; do
    if launch "$(cat "$dir/port")"; then return; fi
    sleep 0.2
  done
  cat "$dir/pg_ctl.log" "$dir/postgres.log" >&2
  exit 1
}

stop() {
  [ -f "$data/postmaster.pid" ] || return 0
  as_owner "$bin/pg_ctl" -D "$data" -m immediate -w stop >/dev/null 2>&1 || true
}

case $verb in
  start | crash | resume | stop) "$verb" ;;
  *) echo "unknown verb: $verb" >&2; exit 2 ;;
esac
