// Apache with mod_auth_openidc (Debian's), as a relying party of its own: one directory, one port, no system files.
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { until } from './net.mjs';

const MODULES = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'dir', 'auth_openidc'];

// `client`: { id, secret }. `tls`: { cert, key }, files, for https. `extra`: further directives. Answers { origin, redirectUri, log(), stop() }.
export async function startApache({ port, issuer, client, tls, extra = [] }) {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'symbolon-apache-'));
  const origin = `${tls ? 'https' : 'http'}://localhost:${port}`;
  const redirectUri = `${origin}/protected/redirect_uri`;
  await mkdir(path.join(dir, 'htdocs', 'protected'), { recursive: true });
  await mkdir(path.join(dir, 'htdocs', 'open'), { recursive: true });
  await writeFile(path.join(dir, 'htdocs', 'protected', 'index.html'), '<!doctype html><title>Protected</title><p id="protected">Only for who is signed in.</p>');
  await writeFile(path.join(dir, 'htdocs', 'open', 'index.html'), '<!doctype html><title>Open</title><p id="open">For everybody.</p>');
  const log = path.join(dir, 'error.log');
  await writeFile(
    path.join(dir, 'httpd.conf'),
    [
      `ServerRoot ${dir}`,
      `ServerName localhost:${port}`,
      `Listen 127.0.0.1:${port}`,
      `PidFile ${dir}/httpd.pid`,
      `DefaultRuntimeDir ${dir}`,
      `ErrorLog ${log}`,
      'LogLevel warn auth_openidc:debug',
      ...[...MODULES, ...(tls ? ['socache_shmcb', 'ssl'] : [])].map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
      // Workers of root give up their rights, and could not read this directory then.
      ...(process.getuid() === 0 ? ['User nobody', 'Group nogroup'] : []),
      `DocumentRoot ${dir}/htdocs`,
      'DirectoryIndex index.html',
      'ForceType text/html',
      ...(tls ? ['SSLEngine on', `SSLCertificateFile ${tls.cert}`, `SSLCertificateKeyFile ${tls.key}`] : []),
      `OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration`,
      `OIDCClientID ${client.id}`,
      `OIDCClientSecret ${client.secret}`,
      `OIDCRedirectURI ${redirectUri}`,
      'OIDCCryptoPassphrase a-passphrase-of-the-test',
      'OIDCPKCEMethod S256',
      'OIDCScope "openid profile email"',
      'OIDCInfoHook userinfo id_token session',
      'OIDCRemoteUserClaim preferred_username',
      ...extra,
      '<Location /protected>',
      '  AuthType openid-connect',
      '  Require valid-user',
      '</Location>',
    ].join('\n') + '\n',
  );
  await chmod(dir, 0o755);
  const child = spawn('/usr/sbin/apache2', ['-d', dir, '-f', path.join(dir, 'httpd.conf'), '-DFOREGROUND'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  child.stderr.on('data', (chunk) => (said += chunk));
  const read = async () => said + (await readFile(log, 'utf8').catch(() => ''));
  process.on('exit', () => child.kill('SIGKILL'));
  await until(
    async () => {
      if (child.exitCode !== null) throw new Error(`apache2 ended\n${await read()}`);
      return new Promise((resolve) => {
        const request = (tls ? https : http).get(`${origin}/open/`, { rejectUnauthorized: false, agent: false }, (answer) => {
          answer.resume();
          resolve(answer.statusCode === 200);
        });
        request.on('error', () => resolve(false));
      });
    },
    'apache2 does not answer',
    { timeout: 15_000 },
  ).catch(async (error) => {
    child.kill('SIGKILL');
    throw new Error(`${error.message}\n${await read()}`);
  });
  return {
    origin,
    redirectUri,
    log: read,
    stop: async () => {
      child.kill('SIGTERM');
      await new Promise((resolve) => (child.exitCode !== null ? resolve() : child.on('close', resolve)));
      await rm(dir, { recursive: true, force: true });
    },
  };
}
