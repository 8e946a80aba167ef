// Who may make themselves known, set as an administrator does it on the command line, behind the server's back.
import { registrationPolicyArguments } from './contract.mjs';
import { until } from './net.mjs';

// Waits until the metadata tells what the policy is.
export const policyHolds = (server, { registration, documents }) =>
  until(
    async () => {
      const metadata = await (await fetch(`${server.issuer}/.well-known/oauth-authorization-server`)).json();
      return (metadata.registration_endpoint !== undefined) === (registration !== 'off') && Boolean(metadata.client_id_metadata_document_supported) === (documents !== 'off');
    },
    'the metadata does not follow the policy',
    { timeout: 30_000, interval: 100 },
  );

// Sets the policy, and waits until it holds. What is not given stays, but nobody may do what is not named.
export async function setPolicy(server, { registration = 'off', documents = 'off', ...flags }) {
  await server.cli(registrationPolicyArguments({ registration, documents, ...flags }));
  await policyHolds(server, { registration, documents });
}
