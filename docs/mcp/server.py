"""A protected MCP server: its one tool is for people who signed in at a Symbolon server.

    pip install mcp "PyJWT[crypto]"
    ISSUER=https://id.example.com RESOURCE=https://mcp.example.com/mcp python server.py

RESOURCE is the address at which clients reach this server, and the identifier of the API at the issuer. It listens on
127.0.0.1, on the port of RESOURCE, or on 3001 if that has none: then a proxy in front of it ends TLS.
"""

import asyncio
import json
import os
from urllib.parse import urlsplit
from urllib.request import urlopen

import jwt
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken, TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings

ISSUER, RESOURCE, SCOPE = os.environ["ISSUER"], os.environ["RESOURCE"], "tools.call"
# Asymmetric ones alone: nobody can sign with a key that is published.
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]

with urlopen(f"{ISSUER}/.well-known/openid-configuration", timeout=10) as answer:
    metadata = json.load(answer)
if metadata["issuer"] != ISSUER:
    raise SystemExit(f"ISSUER must be written {metadata['issuer']}")
keys = jwt.PyJWKClient(metadata["jwks_uri"])  # fetched when needed, kept for some minutes


class SymbolonTokens(TokenVerifier):
    """Believes access tokens (RFC 9068) that the issuer signed for this server; the SDK looks at their scope."""

    async def verify_token(self, token: str) -> AccessToken | None:
        try:
            key = await asyncio.to_thread(keys.get_signing_key_from_jwt, token)
            rules = {"require": ["exp", "sub", "client_id"]}
            decoded = jwt.decode_complete(token, key, ALGORITHMS, options=rules, issuer=ISSUER, audience=RESOURCE)
        except jwt.PyJWKClientConnectionError:
            raise  # without keys nothing can be said of the token: answered with 500, not with 401
        except jwt.PyJWTError:
            return None
        header, claims = decoded["header"], decoded["payload"]
        # An ID token is not an access token, and one that is bound to a key (`cnf`) is not for whoever holds it.
        if header.get("typ", "").lower() not in ("at+jwt", "application/at+jwt") or "cnf" in claims:
            return None
        scopes = claims.get("scope", "").split()
        return AccessToken(token=token, client_id=claims["client_id"], scopes=scopes, subject=claims["sub"], claims=claims)


# The audience is compared above, so the SDK need not.
auth = AuthSettings(issuer_url=ISSUER, resource_server_url=RESOURCE, required_scopes=[SCOPE], validate_token_resource=False)
server = MCPServer("whoami", token_verifier=SymbolonTokens(), auth=auth)


@server.tool()
async def whoami() -> str:
    """Who is signed in."""
    return get_access_token().subject


address = urlsplit(RESOURCE)
server.run(
    "streamable-http",
    port=address.port or 3001,
    streamable_http_path=address.path or "/",
    stateless_http=True,
    transport_security=TransportSecuritySettings(allowed_hosts=[address.netloc]),
)
