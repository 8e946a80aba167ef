// HTTPS from the binary itself: which versions, whose certificate, new ones and new authorities by SIGHUP; and plain HTTP only where it is declared.
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import tls from 'node:tls';
import { authorize, launch, tab } from './support/browser.mjs';
import { kind } from './support/database.mjs';
import { freePort, until } from './support/net.mjs';
import { binary, productionServer, runCommand, tail } from './support/server.mjs';

const shared = {};
const named = (name, body) =>
  test(`${name} [${kind}]`, async (t) => {
    try {
      await body(t);
    } catch (error) {
      console.error(`--- ${name}: the server said\n${tail(shared.server?.output ?? '')}---`);
      throw error;
    }
  });

// A self-signed certificate for localhost.
async function certificate(dir, name) {
  const [cert, key] = [path.join(dir, `${name}.crt`), path.join(dir, `${name}.key`)];
  const made = await runCommand('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert,
  ]);
  assert.equal(made.code, 0, made.stderr);
  return { cert, key };
}

// An authority of its own, and a certificate of it for service.example: { authority, cert, key }.
async function ofAuthority(dir, name) {
  const file = (end) => path.join(dir, `${name}${end}`);
  const run = async (...args) => {
    const made = await runCommand('openssl', args);
    assert.equal(made.code, 0, made.stderr);
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj'];
  const [authority, authorityKey, cert, key] = [file('-ca.crt'), file('-ca.key'), file('.crt'), file('.key')];
  await run('req', '-x509', ...newKey, `/CN=${name} authority`, '-days', '2', '-keyout', authorityKey, '-out', authority);
  await run('req', ...newKey, '/CN=service', '-keyout', key, '-out', file('.csr'));
  await writeFile(file('.ext'), 'subjectAltName=DNS:service.example\n');
  await run('x509', '-req', '-in', file('.csr'), '-CA', authority, '-CAkey', authorityKey, '-days', '2', '-extfile', file('.ext'), '-out', cert);
  return { authority, cert: await readFile(cert), key: await readFile(key) };
}

// client_credentials by certificate, over connections that `agent` keeps. Answers { status, error }.
const tokenBy = (port, id, agent) =>
  new Promise((resolve, reject) => {
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: id }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length };
    https
      .request({ host: 'localhost', port, path: '/oauth2/token', method: 'POST', headers, agent, timeout: 5000 }, (answer) => {
        let text = '';
        answer.on('data', (chunk) => (text += chunk));
        answer.on('end', () => resolve({ status: answer.statusCode, error: JSON.parse(text).error }));
      })
      .on('error', reject)
      .end(body);
  });

// GET over TLS, trusting exactly `ca`. Answers { status, headers, body }.
const get = (port, target, ca) =>
  new Promise((resolve, reject) => {
    https
      .get({ host: 'localhost', port, path: target, ca, agent: false, timeout: 5000 }, (answer) => {
        let body = '';
        answer.on('data', (chunk) => (body += chunk));
        answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body }));
      })
      .on('error', reject);
  });

// A handshake: { subject, protocol, cipher }, or the error.
const handshake = (port, options = {}) =>
  new Promise((resolve, reject) => {
    const socket = tls.connect({ host: 'localhost', port, rejectUnauthorized: false, ...options }, () => {
      const facts = { subject: socket.getPeerCertificate().subject.CN, protocol: socket.getProtocol(), cipher: socket.getCipher().name };
      socket.end();
      resolve(facts);
    });
    socket.on('error', reject);
  });

before(async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'symbolon-e2e-tls-'));
  const [first, second] = await Promise.all([certificate(dir, 'first'), certificate(dir, 'second')]);
  const [cert, key] = [path.join(dir, 'served.crt'), path.join(dir, 'served.key')];
  await Promise.all([copyFile(first.cert, cert), copyFile(first.key, key)]);
  const ca = await readFile(first.cert);
  Object.assign(shared, { first, second, cert, key, ca });
  shared.server = await productionServer({
    env: { SYMBOLON_TLS__CERTIFICATE_FILE: cert, SYMBOLON_TLS__KEY_FILE: key },
    discover: async (port) => {
      const answer = await get(port, '/.well-known/openid-configuration', ca);
      return answer.status === 200 ? JSON.parse(answer.body) : undefined;
    },
  });
  [shared.browser] = await Promise.all([launch(), shared.server.start()]);
});
after(async () => {
  await shared.browser?.close();
  await shared.server?.stop();
});

named('TLS 1.3 is preferred, 1.2 has forward secrecy and no CBC, 1.1 is refused', async () => {
  const { port } = shared.server;
  assert.equal((await handshake(port)).protocol, 'TLSv1.3');
  const older = await handshake(port, { maxVersion: 'TLSv1.2' });
  assert.equal(older.protocol, 'TLSv1.2');
  assert.match(older.cipher, /^ECDHE-.*(GCM|CHACHA20)/);
  const weak = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:AES128-GCM-SHA256@SECLEVEL=0' };
  await assert.rejects(handshake(port, weak), /handshake failure|ECONNRESET/);
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
  await assert.rejects(handshake(port, old), /protocol version|handshake failure|ECONNRESET/);
});

named('the issuer is https, its answers demand https for a year, and plain HTTP gets no answer from that port', async () => {
  const { server, ca } = shared;
  assert.equal(server.issuer, `https://localhost:${server.port}`);
  for (const [name, value] of Object.entries(server.metadata)) {
    if (/_endpoint$|_uri$/.test(name)) assert.match(value, /^https:\/\//, name);
  }
  const answer = await get(server.port, '/.well-known/openid-configuration', ca);
  assert.match(answer.headers['strict-transport-security'] ?? '', /max-age=(3[1-9]\d{6}|[4-9]\d{7}|\d{9,})/);
  await assert.rejects(fetch(`http://localhost:${server.port}/healthz`, { signal: AbortSignal.timeout(3000) }));
});

named('a person signs in over https, and both cookies are __Host-, Secure and HttpOnly', async () => {
  const { server, browser } = shared;
  const user = await server.createUser({ username: 'ada', email: 'ada@example.com', password: 'correct horse battery 42' });
  const client = await server.createClient({ kind: 'web', name: 'Notes', redirectUris: ['https://notes.example.com/callback'] });
  const url = new URL(server.metadata.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: client.id,
    redirect_uri: 'https://notes.example.com/callback',
    response_type: 'code',
    scope: 'openid',
    state: 's',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  });
  const page = await tab(browser, { ignoreHTTPSErrors: true });
  const callback = await authorize(page, url, 'https://notes.example.com/callback', { user });
  assert.ok(callback.url.searchParams.get('code'));
  assert.equal(callback.url.searchParams.get('iss'), server.issuer);
  const cookies = (await page.context().cookies(server.issuer)).filter((cookie) => cookie.httpOnly);
  assert.ok(cookies.length >= 2, 'the session and the browser cookie');
  for (const cookie of cookies) {
    assert.match(cookie.name, /^__Host-/);
    assert.ok(cookie.secure && cookie.path === '/' && !cookie.domain.startsWith('.'), JSON.stringify(cookie.name));
  }
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

named('SIGHUP serves a new certificate without a restart, and a broken one leaves the old one in use', async () => {
  const { server, second, cert, key } = shared;
  assert.equal((await handshake(server.port)).subject, 'first');
  await Promise.all([copyFile(second.cert, cert), copyFile(second.key, key)]);
  server.child.kill('SIGHUP');
  await until(async () => (await handshake(server.port)).subject === 'second', 'the new certificate is not served');
  const from = server.output.length;
  await writeFile(cert, 'not a certificate');
  server.child.kill('SIGHUP');
  await until(() => server.output.slice(from).includes('certificate'), 'nothing was said about the broken certificate');
  assert.equal((await handshake(server.port)).subject, 'second');
  assert.equal(server.exit, undefined, 'the server still runs');
});

named('SIGHUP reads the authorities of clients again, also for open connections, and a broken file leaves the old ones in use', async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'symbolon-e2e-mtls-'));
  const { first, second: other } = shared;
  const [one, next] = await Promise.all([ofAuthority(dir, 'one'), ofAuthority(dir, 'next')]);
  const [file, ca] = [path.join(dir, 'client-ca.pem'), await readFile(first.cert)];
  await copyFile(one.authority, file);
  const port = await freePort();
  const server = await productionServer({
    env: {
      SYMBOLON_TLS__CERTIFICATE_FILE: first.cert,
      SYMBOLON_TLS__KEY_FILE: first.key,
      SYMBOLON_MTLS__URL: `https://localhost:${port}`,
      SYMBOLON_MTLS__BIND: `127.0.0.1:${port}`,
      SYMBOLON_MTLS__CA_FILE: file,
    },
    discover: async (at) => {
      const answer = await get(at, '/.well-known/openid-configuration', ca);
      return answer.status === 200 ? JSON.parse(answer.body) : undefined;
    },
  });
  const agents = [one, next].map(({ cert, key }) => new https.Agent({ keepAlive: true, maxSockets: 1, ca, cert, key }));
  try {
    await server.start();
    const flags = { 'tls-san-dns': 'service.example' };
    const client = await server.createClient({ kind: 'machine', name: 'Service', authMethod: 'tls_client_auth', flags });
    const answers = async () => (await Promise.all(agents.map((agent) => tokenBy(port, client.id, agent)))).map((answer) => answer.error ?? answer.status);
    assert.deepEqual(await answers(), [200, 'invalid_client']);
    await copyFile(next.authority, file);
    assert.deepEqual(await answers(), [200, 'invalid_client'], 'nothing changes without the signal');
    server.child.kill('SIGHUP');
    await until(async () => (await answers())[1] === 200, 'the new authority does not count');
    assert.deepEqual(await answers(), ['invalid_client', 200], 'the old one does not count any more, on the same connection');
    for (const broken of ['not a certificate', await readFile(other.key), undefined]) {
      const from = server.output.length;
      await (broken === undefined ? rm(file) : writeFile(file, broken));
      server.child.kill('SIGHUP');
      const told = () => /AS-4011 mtls\.ca_file .*stays in use/.test(server.output.slice(from));
      await until(told, 'nothing was said about the broken file');
      assert.deepEqual(await answers(), ['invalid_client', 200]);
    }
    assert.equal(server.exit, undefined, 'the server still runs');
  } finally {
    agents.forEach((agent) => agent.destroy());
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
});

named('behind a declared proxy plain HTTP serves an https issuer; what is not declared is refused with the fix', async () => {
  const proxied = await productionServer({ env: { SYMBOLON_ISSUER: 'https://id.example.com', SYMBOLON_TRUSTED_PROXIES: '127.0.0.1' } });
  try {
    await proxied.start();
    assert.equal(proxied.issuer, 'https://id.example.com');
    assert.equal(proxied.metadata.token_endpoint, 'https://id.example.com/oauth2/token');
  } finally {
    await proxied.stop();
  }
  for (const [env, code, fix] of [
    [{ SYMBOLON_ISSUER: 'http://id.example.com' }, 'AS-4003', 'SYMBOLON_ISSUER=https://'],
    [{ SYMBOLON_BIND: '0.0.0.0:0', SYMBOLON_ISSUER: 'https://id.example.com' }, 'AS-4007', 'SYMBOLON_TRUSTED_PROXIES'],
    [{ SYMBOLON_TLS__CERTIFICATE_FILE: shared.first.cert }, 'AS-4008', 'tls.key_file'],
  ]) {
    const home = await mkdtemp(path.join(os.tmpdir(), 'symbolon-e2e-refused-'));
    const done = await runCommand(binary(), ['serve'], { cwd: home, env: { PATH: process.env.PATH, HOME: home, ...env } });
    const said = done.stdout + done.stderr;
    assert.notEqual(done.code, 0, said);
    assert.ok(said.includes(code) && said.includes(fix), said);
  }
});
