// A self-signed certificate for localhost that is nobody's authority: whoever is told to trust it trusts it alone.
// The server is told so by SSL_CERT_FILE.
import path from 'node:path';
import { runCommand } from './server.mjs';

// Answers { cert, key }: two files in `dir`.
export async function certificate(dir, name) {
  const [cert, key] = [path.join(dir, `${name}.crt`), path.join(dir, `${name}.key`)];
  const made = await runCommand('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
    '-addext', 'subjectAltName=DNS:localhost', '-addext', 'basicConstraints=critical,CA:FALSE', '-keyout', key, '-out', cert,
  ]);
  if (made.code !== 0) throw new Error(made.stderr);
  return { cert, key };
}
