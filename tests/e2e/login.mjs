// Signs a person in from the command line:
//   node login.mjs <authorize-url> <redirect-prefix> <user> <password> [--no-js] [--deny]
// prints the URL with which the client was reached, and nothing else.
import { authorize, launch, tab } from './support/browser.mjs';

const [url, prefix, username, password] = process.argv.slice(2).filter((word) => !word.startsWith('--'));
if (!password) {
  console.error('usage: node login.mjs <authorize-url> <redirect-prefix> <user> <password> [--no-js] [--deny]');
  process.exit(2);
}
const browser = await launch();
try {
  const page = await tab(browser, { javaScript: !process.argv.includes('--no-js') });
  const answer = await authorize(page, url, prefix, { user: { username, password }, allow: !process.argv.includes('--deny') });
  console.log(answer.url.href);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await browser.close();
}
