// Where clients publish their metadata documents: https, with a certificate that the server is told to trust.
import https from 'node:https';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { certificate } from './certificate.mjs';

// Answers { env, publish(name, metadata), fetched(address), stop() }; `env` is what the server is started with.
export async function startPublisher() {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'symbolon-e2e-publisher-'));
  const { cert, key } = await certificate(dir, 'publisher');
  const documents = new Map(); // by address
  const fetched = new Map();
  const origin = () => `https://localhost:${listener.address().port}`;
  const listener = https.createServer({ cert: await readFile(cert), key: await readFile(key) }, (request, response) => {
    const address = origin() + request.url;
    if (!documents.has(address)) {
      response.writeHead(404).end();
      return;
    }
    fetched.set(address, (fetched.get(address) ?? 0) + 1);
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(documents.get(address)));
  });
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    env: { SSL_CERT_FILE: cert },
    // Answers the address, which is the client_id.
    publish(name, metadata) {
      const address = `${origin()}/${name}.json`;
      documents.set(address, { client_id: address, ...metadata });
      return address;
    },
    fetched: (address) => fetched.get(address) ?? 0,
    async stop() {
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
      await rm(dir, { recursive: true, force: true });
    },
  };
}
