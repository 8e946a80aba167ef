// A browser's part of a sign-in without a browser: cookies, redirects, and forms sent as they stand in the page.
// For load and durability; what a real browser does with the pages is tested elsewhere.
import { createHash, randomBytes } from 'node:crypto';

const attribute = (tag, name) => {
  const found = tag.match(new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i'));
  const raw = found && (found[1] ?? found[2] ?? found[3]);
  return raw?.replace(/&quot;/g, '"').replace(/&#x27;|&#39;/g, "'").replace(/&#x2f;/gi, '/').replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
};

// The hidden fields and the action of the first form with the button `buttonId`.
function formWith(html, buttonId) {
  for (const [form] of html.matchAll(/<form\b[\s\S]*?<\/form>/gi)) {
    const button = [...form.matchAll(/<button\b[^>]*>/gi)].map(([tag]) => tag).find((tag) => attribute(tag, 'id') === buttonId);
    if (!button) continue;
    const fields = new URLSearchParams();
    for (const [tag] of form.matchAll(/<input\b[^>]*>/gi)) {
      if (attribute(tag, 'type') === 'hidden') fields.set(attribute(tag, 'name'), attribute(tag, 'value') ?? '');
    }
    if (attribute(button, 'name')) fields.set(attribute(button, 'name'), attribute(button, 'value') ?? '');
    return { action: attribute(form.match(/<form\b[^>]*>/i)[0], 'action'), fields };
  }
  return undefined;
}

export class Person {
  constructor({ username, password }) {
    // How often the password was asked for.
    Object.assign(this, { username, password, cookies: new Map(), passwords: 0 });
  }

  async #request(url, options = {}) {
    const { pathname } = new URL(url);
    const fitting = [...this.cookies.values()].filter(({ path }) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`));
    const answer = await fetch(url, {
      ...options,
      redirect: 'manual',
      headers: { ...options.headers, cookie: fitting.map(({ name, value }) => `${name}=${value}`).join('; ') },
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair, ...rest] = line.split(';');
      const at = pair.indexOf('=');
      const cookie = { name: pair.slice(0, at), value: pair.slice(at + 1), path: '/' };
      let gone = false;
      for (const [name, value] of rest.map((part) => part.trim().split('='))) {
        if (/^path$/i.test(name)) cookie.path = value;
        else if (/^max-age$/i.test(name)) gone = Number(value) <= 0;
        else if (/^expires$/i.test(name)) gone ||= Date.parse(value) <= Date.now();
      }
      const key = `${cookie.name} ${cookie.path}`;
      if (gone) this.cookies.delete(key);
      else this.cookies.set(key, cookie);
    }
    return answer;
  }

  // Follows an authorization request to the client. Answers the callback URL.
  async authorize(url, redirectUri) {
    let next = String(url);
    let options;
    for (let step = 0; step < 12; step += 1) {
      if (next.startsWith(redirectUri)) return new URL(next);
      const answer = await this.#request(next, options);
      options = undefined;
      const location = answer.headers.get('location');
      if (location) {
        await answer.arrayBuffer();
        next = new URL(location, next).href;
        continue;
      }
      const html = await answer.text();
      const signIn = formWith(html, 'login-submit');
      const consent = formWith(html, 'consent-allow');
      const form = signIn ?? consent;
      if (!form || answer.status >= 500) throw new Error(`${answer.status} at ${next}: ${html.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ').slice(0, 300)}`);
      if (signIn) {
        form.fields.set('username', this.username);
        form.fields.set('password', this.password);
        this.passwords += 1;
      }
      next = new URL(form.action || next, next).href;
      options = { method: 'POST', body: form.fields, headers: { origin: new URL(next).origin } };
    }
    throw new Error(`too many steps, last ${next}`);
  }
}

export const pkce = () => {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
};
