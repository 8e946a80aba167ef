// Debian's Chromium, driven as a person would use it: the sign-in and consent pages by their documented ids.
// The client's own address is answered here, so that nothing has to listen on it: requests that go to it, also by
// redirect, are caught and never leave the browser.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { page as ids, contentSecurityPolicy } from './contract.mjs';

const executable = () => {
  const found = [process.env.SYMBOLON_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find((file) => file && existsSync(file));
  if (!found) throw new Error('Chromium is missing: install it or set SYMBOLON_CHROMIUM');
  return found;
};

const launching = () => ({
  executablePath: executable(),
  headless: true,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});

export const launch = () => chromium.launch(launching());

// A browser of its own with a profile in a directory, where preferences may lie, and one tab. Ended by closing its context.
export async function profileTab(dir, options) {
  return opened(await chromium.launchPersistentContext(dir, { ...launching(), ...options }));
}

// A fresh profile with one tab. `javaScript: false` is a browser without scripts.
export async function tab(browser, { javaScript = true, ...options } = {}) {
  return opened(await browser.newContext({ javaScriptEnabled: javaScript, ...options }));
}

async function opened(context) {
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', (message) => {
    // The page itself may rightly be a 4xx, which Chromium also writes to the console.
    const own = message.text().startsWith('Failed to load resource') && message.location().url.split('#')[0] === page.url().split('#')[0];
    if (['error', 'warning'].includes(message.type()) && !own) page.complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => page.complaints.push(`script: ${error.message}`));
  page.on('requestfailed', (request) => page.complaints.push(`request: ${request.url()} ${request.failure()?.errorText}`));
  page.on('response', (response) => {
    if (response.request().isNavigationRequest() && response.frame() === page.mainFrame()) page.document = response;
    else if (response.status() >= 400) page.complaints.push(`resource: ${response.status()} ${response.url()}`);
  });
  return page;
}

// Answers every request to `prefix` (a redirect_uri) in the place of the client.
// `next()` resolves with the coming one: { url: URL, method, body: URLSearchParams | undefined }.
export async function catchRedirects(page, prefix) {
  const session = await page.context().newCDPSession(page);
  const waiting = [];
  const arrived = [];
  // CDP and not page.route: the latter does not see what a redirect leads to.
  await session.send('Fetch.enable', { patterns: [{ urlPattern: `${prefix}*`, requestStage: 'Request' }] });
  session.on('Fetch.requestPaused', async ({ requestId, request }) => {
    const url = new URL(request.url + (request.urlFragment ?? ''));
    const type = Object.entries(request.headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1];
    const seen = { url, method: request.method, contentType: type, body: request.postData ? new URLSearchParams(request.postData) : undefined };
    const body = '<!doctype html><html lang="en"><title>Client</title><link rel="icon" href="data:,"><p id="client">The client got the answer.</p></html>';
    await session
      .send('Fetch.fulfillRequest', {
        requestId,
        responseCode: 200,
        responseHeaders: [{ name: 'Content-Type', value: 'text/html; charset=utf-8' }],
        body: Buffer.from(body).toString('base64'),
      })
      .catch(() => {}); // the tab was closed meanwhile
    const receiver = waiting.shift();
    if (receiver) receiver(seen);
    else arrived.push(seen);
  });
  return {
    next: () => (arrived.length ? Promise.resolve(arrived.shift()) : new Promise((resolve) => waiting.push(resolve))),
    arrived: () => arrived.length > 0,
    take: () => arrived.shift(),
    close: () => session.detach().catch(() => {}),
  };
}

// Presses a button that loads a new page, and waits for that page.
export async function press(page, selector) {
  await Promise.all([page.waitForEvent('load'), page.locator(selector).first().click()]);
}

// Fills the sign-in form and sends it.
export async function signIn(page, { username, password }) {
  await page.locator(ids.username).fill(username);
  await page.locator(ids.password).fill(password);
  await press(page, ids.signIn);
}

// Signs in at the list of requests over the back channel, and stays there.
export async function signInAtRequests(page, { issuer }, user) {
  await page.goto(`${issuer}/requests`);
  await press(page, ids.requests.signIn);
  await signIn(page, user);
}

// Opens the newest of these requests and answers it. Answers the message that is shown to compare.
export async function answerRequest(page, { issuer }, allow = true) {
  await page.goto(`${issuer}/requests`);
  await press(page, ids.requests.pick(1));
  const message = await page.locator(ids.approve.bindingMessage).innerText();
  await press(page, allow ? ids.approve.allow : ids.approve.deny);
  const allowed = await page.locator(ids.answered).getAttribute('data-allowed');
  if (allowed !== (allow ? 'yes' : 'no')) throw new Error(`answered ${allowed}`);
  return message;
}

// Answers the consent page.
export const consent = (page, allow = true) => press(page, allow ? ids.consentAllow : ids.consentDeny);

export const visible = (page, selector) => page.locator(selector).first().isVisible();

// Goes to an authorization URL and does what a person would, until the client has its answer.
// Answers { url, method, body, pages }: the request that reached the client, and which pages were shown before it.
export async function authorize(page, url, redirectPrefix, { user, allow = true } = {}) {
  const client = await catchRedirects(page, redirectPrefix);
  const pages = [];
  try {
    await page.goto(String(url));
    for (let step = 0; step < 8 && !client.arrived(); step += 1) {
      if (await visible(page, ids.errorMessage)) {
        throw new Error(`error page: ${(await page.locator('main, body').first().innerText()).slice(0, 600)}`);
      } else if (await visible(page, ids.signIn)) {
        pages.push('sign-in');
        if (!user) throw new Error('the sign-in page is shown, but nobody was to sign in');
        if (pages.filter((name) => name === 'sign-in').length > 2) throw new Error(`cannot sign in as ${user.username}`);
        await signIn(page, user);
      } else if (await visible(page, ids.consentAllow)) {
        pages.push('consent');
        await consent(page, allow);
      } else if (await visible(page, 'form button')) {
        // response_mode=form_post without JavaScript: a visible button sends the answer on.
        pages.push('continue');
        await press(page, 'form button');
      } else {
        throw new Error(`an unexpected page at ${page.url()}: ${(await page.locator('body').innerText()).slice(0, 300)}`);
      }
    }
    if (!client.arrived()) throw new Error(`the client was not reached; last page ${page.url()}`);
    return { ...client.take(), pages };
  } finally {
    await client.close();
  }
}

// What is wrong with the headers of the page that is shown; an empty list is good.
// `frames`: the origins that the page loads in frames.
export async function headerFaults(page, { interaction = false, frames } = {}) {
  const headers = await page.document.allHeaders();
  const faults = [];
  const directives = Object.fromEntries(
    (headers['content-security-policy'] ?? '').split(';').map((part) => {
      const [name, ...values] = part.trim().split(/\s+/);
      return [name, values.join(' ')];
    }),
  );
  for (const [name, value] of Object.entries(contentSecurityPolicy)) {
    if (directives[name] !== value) faults.push(`CSP ${name}: ${directives[name]} instead of ${value}`);
  }
  if (interaction ? 'form-action' in directives : directives['form-action'] !== "'self'") {
    faults.push(`CSP form-action: ${directives['form-action']}${interaction ? ' on an interaction page' : ''}`);
  }
  if (directives['frame-src'] !== frames?.join(' ')) faults.push(`CSP frame-src: ${directives['frame-src']} instead of ${frames?.join(' ')}`);
  for (const name of Object.keys(directives)) {
    if (!(name in contentSecurityPolicy) && !['form-action', 'frame-src'].includes(name)) faults.push(`CSP ${name} is not expected`);
  }
  if (!/^[0-9a-f]+$/i.test(headers['x-trace-id'] ?? '')) faults.push(`X-Trace-Id: ${headers['x-trace-id']}`);
  if (!/^text\/html/.test(headers['content-type'] ?? '')) faults.push(`Content-Type: ${headers['content-type']}`);
  if (headers['x-content-type-options'] !== 'nosniff') faults.push(`X-Content-Type-Options: ${headers['x-content-type-options']}`);
  if (interaction && !/no-store/.test(headers['cache-control'] ?? '')) faults.push(`Cache-Control: ${headers['cache-control']}`);
  if (interaction && headers['referrer-policy'] !== 'no-referrer') faults.push(`Referrer-Policy: ${headers['referrer-policy']}`);
  return faults;
}
