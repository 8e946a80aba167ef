// Durability: what was acknowledged stays, whatever is killed. In each cycle clients write for a moment (sign-ins by
// code, rotations, revocations, machine tokens), the server dies by SIGKILL in the middle, starts again, and must know
// every fact that an answer had told. On the private PostgreSQL of tests/run some cycles kill the database too.
// SIGKILL is not a power cut: what the operating system holds of a file survives it. That commits reach the disk
// (synchronous=FULL, synchronous_commit=on, fsync) is the matter of the store's own tests.
//
//   SYMBOLON_E2E_DATABASE=sqlite|postgres  KILL9_CYCLES=50  KILL9_CLIENTS=8  KILL9_SEED=n  node kill9.mjs
//   KILL9_FAULT=1 loses the newest acknowledged writes on purpose, and passes only if that is noticed.
import { cluster, kind, ownedCluster } from './support/database.mjs';
import { durableServer, graceSeconds, loseWrites } from './support/durable.mjs';
import { Person, pkce } from './support/http_flow.mjs';
import { pause, until } from './support/net.mjs';
import { tail } from './support/server.mjs';

const fault = process.env.KILL9_FAULT === '1';
const cycles = Number(process.env.KILL9_CYCLES ?? (fault ? 3 : 50));
const workers = Number(process.env.KILL9_CLIENTS ?? 8);
const seed = Number(process.env.KILL9_SEED ?? Date.now() % 1_000_000);
const databaseKills = kind !== 'postgres' || !ownedCluster() ? 0 : fault ? 1 : 10; // every tenth cycle

// Small and seeded: the choices of a failing run can be repeated, its timing cannot.
let randomState = seed;
const random = () => {
  randomState = (Math.imul(randomState, 1664525) + 1013904223) >>> 0;
  return randomState / 2 ** 32;
};
const pick = (list) => list[Math.floor(random() * list.length)];

const { server, clients, user } = await durableServer();
// One browser for each worker: its session is made once and must survive every kill as well. Every other one uses the
// client with opaque access tokens.
const browsers = Array.from({ length: workers }, (_, index) => Object.assign(new Person(user), { client: clients[index % clients.length] }));
const endpoint = (name) => server.metadata[name];

// The facts. A family is everything of one sign-in: { client, code, refresh, access[], dead, unknown, rotated[{token, at}] }.
// `unknown`: the answer to its last write was lost, so either outcome is right; it is not judged. A lost rotation is
// made known again by its repetition, which must be answered: `lostAt` is when.
const families = [];
const machineTokens = [];
const lost = [];
const told = { codes: 0, rotations: 0, revocations: 0, machine: 0, recovered: 0, checks: 0 };
let dying = false;

class Unanswered extends Error {}

// One form to an endpoint. Answers { status, json }; throws Unanswered when no whole answer came.
async function post(client, url, form) {
  let answer;
  let text;
  try {
    answer = await fetch(url, { method: 'POST', headers: { authorization: client.authorization }, body: new URLSearchParams(form), signal: AbortSignal.timeout(10_000) });
    text = await answer.text();
  } catch (error) {
    throw new Unanswered(`${url}: ${error.cause?.message ?? error.message}`);
  }
  return { status: answer.status, json: text.startsWith('{') ? JSON.parse(text) : {}, text };
}

// A refusal during the load is a fault, except a 503 while the database is dead.
function expectOk(answer, what) {
  if (answer.status === 200) return;
  if (answer.status === 503 && dying) throw new Unanswered(what);
  lost.push(`${what} was answered ${answer.status} ${answer.text.slice(0, 200)}`);
  throw new Unanswered(what);
}

const expiresAt = (json) => Date.now() + (json.expires_in ?? 60) * 1000;

async function signInByCode(person) {
  const { verifier, challenge } = pkce();
  const { client } = person;
  const url = `${endpoint('authorization_endpoint')}?${new URLSearchParams({
    client_id: client.id, redirect_uri: client.redirectUri, response_type: 'code', scope: 'openid offline_access',
    prompt: 'consent', state: 's', code_challenge: challenge, code_challenge_method: 'S256',
  })}`;
  const signedIn = person.passwords > 0;
  let code;
  try {
    const callback = await person.authorize(url, client.redirectUri);
    code = callback.searchParams.get('code');
    if (!code) throw new Error(`no code: ${callback.search}`);
  } catch (error) {
    if (!dying) lost.push(`a sign-in failed: ${error.cause?.message ?? error.message}`);
    throw new Unanswered('authorize');
  }
  if (signedIn && person.passwords > 1) {
    lost.push('a session was forgotten: the password was asked for again');
    person.passwords = 1;
  }
  const form = { grant_type: 'authorization_code', code, redirect_uri: client.redirectUri, code_verifier: verifier };
  const answer = await post(client, endpoint('token_endpoint'), form);
  expectOk(answer, 'a code exchange');
  if (!answer.json.refresh_token) lost.push('a code exchange with offline_access gave no refresh token');
  families.push({ client, code: form, refresh: answer.json.refresh_token, access: [{ token: answer.json.access_token, until: expiresAt(answer.json) }], rotated: [] });
  told.codes += 1;
}

async function rotate(family) {
  const old = family.refresh;
  family.unknown = true; // until the answer is whole
  family.lostAt ??= Date.now();
  const answer = await post(family.client, endpoint('token_endpoint'), { grant_type: 'refresh_token', refresh_token: old });
  expectOk(answer, 'a refresh');
  family.unknown = false;
  family.lostAt = undefined;
  family.access.push({ token: answer.json.access_token, until: expiresAt(answer.json) });
  const next = answer.json.refresh_token ?? old;
  if (next !== old) {
    family.refresh = next;
    family.rotated.push({ token: old, at: Date.now() });
  }
  told.rotations += 1;
}

async function revoke(family) {
  family.unknown = true;
  const answer = await post(family.client, endpoint('revocation_endpoint'), { token: family.refresh, token_type_hint: 'refresh_token' });
  expectOk(answer, 'a revocation');
  family.unknown = false;
  family.dead = 'revoked';
  told.revocations += 1;
}

async function machineToken(client) {
  const answer = await post(client, endpoint('token_endpoint'), { grant_type: 'client_credentials', scope: client.machineScope });
  expectOk(answer, 'a machine token');
  machineTokens.push({ client, token: answer.json.access_token, until: expiresAt(answer.json) });
  told.machine += 1;
}

// One client: a family is used by one at a time, as one application would.
async function work(stop, person) {
  while (!stop.now) {
    const free = families.filter((family) => !family.dead && !family.unknown && !family.busy);
    const chance = random();
    const family = free.length ? pick(free) : undefined;
    if (family) family.busy = true;
    try {
      if (!family || chance < 0.2) await signInByCode(person);
      else if (chance < 0.6) await rotate(family);
      else if (chance < 0.7) await revoke(family);
      else await machineToken(person.client);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      if (stop.now) return;
      if (!dying) lost.push(`unanswered although nothing was killed: ${error.message}`);
      await pause(5);
    } finally {
      if (family) family.busy = false;
    }
  }
}

async function isActive(client, token) {
  told.checks += 1;
  const answer = await post(client, endpoint('introspection_endpoint'), { token });
  if (answer.status !== 200) {
    lost.push(`introspection answered ${answer.status} ${answer.text.slice(0, 200)}`);
    return undefined;
  }
  return answer.json.active;
}

async function expectActive(client, token, wanted, what) {
  const active = await isActive(client, token);
  if (active !== undefined && active !== wanted) lost.push(`${what} is ${active ? 'active' : 'not active'}`);
}

// Every fact that is told about a family; margins keep an expiry in between from looking like a loss.
function claimsOf(family) {
  if (family.unknown) return [];
  const now = Date.now();
  const age = family.dead ? `a ${family.dead} family` : 'a live family';
  const claims = [[family.refresh, !family.dead, `the refresh token of ${age}`]];
  // Whoever sends a rotated one again is handed its successor, in the grace, and unless that was used itself.
  const graceOver = (index) => index < family.rotated.length - 1 || now - family.rotated[index].at > graceSeconds * 1000 + 1000;
  for (const { token, until } of family.access) {
    if (family.dead || until > now + 5000) claims.push([token, !family.dead, `an access token of ${age}`]);
  }
  family.rotated.forEach(({ token }, index) => {
    if (family.dead || graceOver(index)) claims.push([token, false, `a rotated refresh token of ${age}`]);
  });
  return claims.map((claim) => [family.client, ...claim]);
}

const machineClaims = (tokens) => tokens.filter(({ until }) => until > Date.now() + 5000).map(({ client, token }) => [client, token, true, 'a machine token']);

// Asks with a few connections at a time.
async function verify(claims) {
  const queue = [...claims];
  await Promise.all(Array.from({ length: 16 }, async () => {
    for (let claim = queue.pop(); claim; claim = queue.pop()) await expectActive(...claim);
  }));
}

const sample = (list, count) => (list.length <= count ? list : Array.from({ length: count }, () => pick(list)));

// A used code stays used: its replay is refused, and ends its family for good.
async function replayOneCode() {
  const family = pick(families.filter(({ dead, unknown }) => !dead && !unknown));
  if (!family) return;
  const answer = await post(family.client, endpoint('token_endpoint'), family.code);
  if (answer.status !== 400 || answer.json.error !== 'invalid_grant') {
    lost.push(`a used code was answered ${answer.status} ${answer.text.slice(0, 200)}`);
    family.unknown = true;
  } else {
    family.dead = 'replayed';
  }
}

// A client whose rotation was not answered sends the same token again: whether the first one was kept or not, it must
// get a successor that lives.
async function repeatLostRotations() {
  for (const family of families.filter(({ unknown, lostAt }) => unknown && lostAt > Date.now() - (graceSeconds - 2) * 1000)) {
    await rotate(family);
    told.recovered += 1;
  }
}

const began = Date.now();
let slowest = 0;
let restarts = 0;
let failure;
try {
  // The only time a password is checked; one by one, as the server refuses a crowd.
  for (const person of browsers) await signInByCode(person);
  for (let cycle = 1; cycle <= cycles && lost.length < 10; cycle += 1) {
    const at = Date.now();
    const [familiesBefore, machinesBefore] = [families.length, machineTokens.length];
    const touched = new Set(families.filter(({ dead }) => !dead));
    dying = false;
    const stop = { now: false };
    const load = Promise.all(browsers.map((person) => work(stop, person)));
    // The moment counts from the first answer, so that a slow machine does not kill an idle server.
    const sum = () => told.codes + told.rotations + told.revocations + told.machine;
    const before = sum();
    await until(() => sum() > before, 'nothing is answered any more', { interval: 2 });
    await pause(100 + random() * 200);
    dying = true;
    const withDatabase = databaseKills > 0 && cycle % databaseKills === 0;
    if (withDatabase) await cluster('crash'); // the server lives a little longer and must not lie
    stop.now = true;
    await server.kill9();
    await load;
    if (fault && lost.length) break; // only what follows from the fault counts
    if (fault) await loseWrites(server);
    if (withDatabase) await cluster('resume');
    await server.start();
    restarts = Math.max(restarts, server.readyAfter);
    dying = false;

    await repeatLostRotations();
    await verify([
      ...families.filter((family, index) => index >= familiesBefore || touched.has(family)).slice(-60).flatMap(claimsOf),
      ...sample(families, 10).flatMap(claimsOf),
      ...machineClaims(machineTokens.slice(machinesBefore)),
      ...machineClaims(sample(machineTokens, 10)),
    ]);
    await replayOneCode();
    const took = Date.now() - at;
    slowest = Math.max(slowest, took);
    if (cycle % 10 === 0) console.log(`kill9 ${kind}: cycle ${cycle}, ${JSON.stringify(told)}, slowest cycle ${slowest} ms`);
  }

  // Everything once more, after the grace of the last rotations.
  if (!lost.length) await pause(graceSeconds * 1000 + 1100);
  await verify([...families.flatMap(claimsOf), ...machineClaims(machineTokens)]);
  // A rotated token beyond its grace is not only inactive: it is refused, and ends its family.
  const reusable = families.filter(({ dead, unknown, rotated }) => !dead && !unknown && rotated.length).slice(0, lost.length ? 0 : 5);
  for (const family of reusable) {
    const answer = await post(family.client, endpoint('token_endpoint'), { grant_type: 'refresh_token', refresh_token: family.rotated.at(-1).token });
    if (answer.status !== 400 || answer.json.error !== 'invalid_grant') lost.push(`a rotated refresh token was answered ${answer.status}`);
    await expectActive(family.client, family.refresh, false, 'the successor of a reused refresh token');
  }
} catch (error) {
  failure = error;
} finally {
  const output = server.output;
  await server.stop();
  if (!fault && (failure ?? lost.length)) console.log(`--- the server said\n${tail(output)}\n---`);
}
if (fault) {
  if (failure) console.log(failure.stack);
  const noticed = lost.length > 0 && restarts > 0;
  console.log(noticed ? `kill9 ${kind}: writes were lost on purpose, and noticed: ${lost[0]}` : `kill9 ${kind}: writes were lost on purpose, and nobody noticed`);
  process.exit(noticed ? 0 : 1);
}
if (failure) console.log(failure.stack);
for (const fact of lost.slice(0, 20)) console.log(`LOST: ${fact}`);
// A load that wrote nothing would prove nothing.
const idle = Object.entries(told).filter(([name]) => name !== 'recovered').filter(([, count]) => count < cycles / 5).map(([name]) => name);
if (idle.length) console.log(`too little was done to prove anything: ${idle.join(', ')}`);
console.log(`kill9 ${kind}: ${cycles} kills, ${told.codes + told.rotations + told.revocations + told.machine} acknowledged facts, ${told.checks} checks, ${lost.length} lost; seed ${seed}, slowest cycle ${slowest} ms, slowest restart ${Math.round(restarts)} ms, ${((Date.now() - began) / 1000).toFixed(1)} s`);
process.exitCode = lost.length || failure || idle.length ? 1 : 0;
