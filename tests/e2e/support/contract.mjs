// Everything these tests assume about the server that is not a published standard: page elements, demo accounts and
// clients, command lines. When the product changes one of them, this is the file to change.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';

export const users = {
  alice: { username: 'alice', password: 'dev-password' },
  bob: { username: 'bob', password: 'dev-password' },
};

// Clients of `symbolon dev`. Redirect URIs that nothing listens on are answered by the browser driver.
export const clients = {
  web: { id: 'demo-web', secret: 'dev-secret', redirectUri: 'http://localhost:3000/callback', postLogout: 'http://localhost:3000/' },
  spa: { id: 'demo-spa', redirectUri: 'http://localhost:5173/callback' },
  // Native: any port on the loopback interface (RFC 8252 7.3).
  cli: { id: 'demo-cli', redirectUri: (port) => `http://127.0.0.1:${port}/callback` },
  m2m: { id: 'demo-m2m', secret: 'dev-secret', scope: 'demo.read' },
};

// The text form of everything opaque. The access tokens of the demo clients are JWTs.
export const opaque = (kind) => new RegExp(`^sym_${kind}_[A-Za-z0-9_-]{43}[A-Za-z0-9]{6}$`);

// Ids are part of the product's documented contract for automation.
export const page = {
  username: '#username',
  password: '#password',
  signIn: '#login-submit',
  signInCancel: '#login-cancel',
  // The sentence of a refused sign-in, next to the form.
  signInError: '[role=alert]',
  // A new account, where people may create one.
  signInSignUp: '#login-sign-up',
  signUp: { username: '#username', email: '#email', name: '#name', password: '#password', submit: '#sign-up-submit', cancel: '#sign-up-cancel', signIn: '#sign-up-sign-in' },
  errorSignIn: '#error-sign-in',
  consentAllow: '#consent-allow',
  consentDeny: '#consent-deny',
  consentSwitch: '#consent-switch',
  logoutConfirm: '#logout-confirm',
  // The apps that hear of it, before and after; the frame in which one of them is loaded.
  logoutApps: '#logout-apps',
  logoutAll: '#logout-all',
  signedOut: '#signed-out',
  signedOutApps: '#signed-out-apps',
  signedOutContinue: '#signed-out-continue',
  signedOutFrame: (number) => `#signed-out-frame-${number}`,
  // Several accounts in one browser; numbered from 1.
  account: (number) => `#account-${number}`,
  accountOther: '#account-other',
  accountCancel: '#account-cancel',
  // A device that shows a code, and the question on the person's own screen.
  device: { code: '#user_code', submit: '#device-continue', error: '#user_code-error' },
  approve: { code: '#approve-code', address: '#approve-address', time: '#approve-time', bindingMessage: '#approve-binding-message', warning: '#approve-warning', startedHere: '#started_here', startedHereError: '#started_here-error', allow: '#approve-allow', deny: '#approve-deny' },
  answered: '#answered',
  // What apps ask over the back channel; numbered from 1, the newest first.
  requests: { summary: '#requests-summary', signIn: '#requests-sign-in', pick: (number) => `#request-${number}` },
  // A sign-in that begins here, at an app that nobody checked.
  appStart: '#app-start',
  errorMessage: '#error-message',
  errorCode: '#error-code',
  errorTrace: '#error-trace',
  setup: { code: '#code', username: '#username', email: '#email', name: '#name', password: '#password', submit: '#setup-submit' },
  // The relying party at /dev: ids first, words as the second choice.
  dev: {
    signIn: '#dev-sign-in, main a:text-matches("^sign in", "i"), main button:text-matches("^sign in", "i")',
    refresh: '#dev-refresh, main a:text-matches("refresh", "i"), main button:text-matches("refresh", "i")',
    signOut: '#dev-sign-out, main a:text-matches("^sign out", "i"), main button:text-matches("^sign out", "i")',
  },
};

// Words that the text of a page must hold.
export const words = {
  // AS-1003: the redirect_uri is not one of the client's.
  redirectUriNotRegistered: 'AS-1003',
};

// The header of every page, in full; only form-action may follow.
export const contentSecurityPolicy = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data:",
  'connect-src': "'self'",
  'base-uri': "'none'",
  'frame-ancestors': "'none'",
};

// Environment of every start: nothing is read from or written to the home of the person who runs the tests.
export function environment({ home, databaseUrl, extra = {} }) {
  const kept = {};
  for (const name of ['PATH', 'LANG', 'TMPDIR', 'RUST_BACKTRACE', 'LD_LIBRARY_PATH']) {
    if (process.env[name] !== undefined) kept[name] = process.env[name];
  }
  return { ...kept, HOME: home, XDG_CONFIG_HOME: path.join(home, '.config'), SYMBOLON_DATABASE__URL: databaseUrl, ...extra };
}

export const devArguments = (port) => ['dev', '--bind', `127.0.0.1:${port}`];

// `serve` takes its address from the environment, so that a first run without arguments is the same thing.
export const serveArguments = () => ['serve'];
export const serveEnvironment = ({ port, managementPort }) => ({
  SYMBOLON_BIND: `127.0.0.1:${port}`,
  SYMBOLON_MANAGEMENT__BIND: `127.0.0.1:${managementPort}`,
});

// The link of the first start, wherever it is printed.
export const setupLink = (output) => output.match(/https?:\/\/\S+\/setup#k=[^\s"]+/)?.[0];

// `symbolon client create …`; answers the arguments. Lists are repeated flags.
export async function clientCreateArguments(dir, wanted) {
  const args = ['client', 'create', '--json', '--name', wanted.name];
  if (wanted.kind) args.push('--kind', wanted.kind);
  if (wanted.id) args.push('--client-id', wanted.id);
  for (const uri of wanted.redirectUris ?? []) args.push('--redirect-uri', uri);
  for (const uri of wanted.postLogoutRedirectUris ?? []) args.push('--post-logout-redirect-uri', uri);
  for (const grant of wanted.grantTypes ?? []) args.push('--grant-type', grant);
  for (const scope of wanted.scopes ?? []) args.push('--scope', scope);
  if (wanted.authMethod) args.push('--auth-method', wanted.authMethod);
  if (wanted.consent) args.push('--consent', wanted.consent);
  for (const type of wanted.responseTypes ?? []) args.push('--response-type', type);
  for (const type of wanted.detailsTypes ?? []) args.push('--authorization-details-type', type);
  if (wanted.backchannelLogoutUri) args.push('--backchannel-logout-uri', wanted.backchannelLogoutUri);
  if (wanted.frontchannelLogoutUri) args.push('--frontchannel-logout-uri', wanted.frontchannelLogoutUri);
  // What a single test sets: the flag's name without dashes, and its value.
  for (const [flag, value] of Object.entries(wanted.flags ?? {})) args.push(`--${flag}=${value}`);
  if (wanted.accessTokenFormat) args.push('--access-token-format', wanted.accessTokenFormat);
  if (wanted.jwks) {
    const file = path.join(dir, `${wanted.name}.jwks.json`);
    await writeFile(file, JSON.stringify(wanted.jwks));
    args.push('--jwks-file', file);
  }
  return args;
}

// What `client create --json` printed: id, and the secret that is shown once.
export const createdClient = (json) => ({ id: json.client_id, secret: json.client_secret });

// `symbolon api create …`: `scopes` maps each scope to its sentence for people.
export const apiCreateArguments = ({ resource, name, description, scopes = {}, flags = {} }) => [
  'api',
  'create',
  resource,
  '--json',
  '--name',
  name,
  ...(description ? ['--description', description] : []),
  ...Object.entries(scopes).flatMap(([scope, sentence]) => ['--scope', `${scope}=${sentence}`]),
  ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
];

// `symbolon authorization-details-type create …`
export async function detailsTypeCreateArguments(dir, { type, name, description, schema }) {
  const file = path.join(dir, `${type}.schema.json`);
  await writeFile(file, JSON.stringify(schema));
  return ['authorization-details-type', 'create', type, '--json', '--name', name, '--description', description, '--schema-file', file];
}

// `symbolon registration policy set …`: who may register themselves. A list is a repeated flag.
export const registrationPolicyArguments = (flags) => [
  'registration',
  'policy',
  'set',
  '--json',
  ...Object.entries(flags).flatMap(([flag, value]) => [value].flat().map((one) => `--${flag}=${one}`)),
];

// `symbolon registration token create …`: lets somebody register so many clients, once.
export const registrationTokenArguments = ({ label }) => ['registration', 'token', 'create', '--json', '--label', label];

// `symbolon sign-up policy set …`: who may create an account.
export const signUpPolicyArguments = (flags) => [
  'sign-up',
  'policy',
  'set',
  '--json',
  ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
];

// Also fetches from this machine, over plain HTTP; `symbolon dev` does so anyway.
export const fetchesFromLoopback = { SYMBOLON_OUTBOUND__DANGER_LOOPBACK: 'true' };

// `symbolon user create …` with the password on standard input, where no process list shows it.
export const userCreate = (wanted) => ({
  args: ['user', 'create', '--json', wanted.username, '--email', wanted.email, '--name', wanted.name ?? wanted.username, '--password-stdin'],
  stdin: `${wanted.password}\n`,
});
