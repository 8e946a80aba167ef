"""The MCP SDK for Python, of another team than the one for TypeScript, signs in with nothing configured for it."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import httpx2
import jwt
import pytest
from mcp import ClientSession
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

REDIRECT_URI = "http://localhost:3000/callback"


class NotReached(Exception):
    """The browser did not come back to the application."""


class Storage:
    """Where the application keeps what it was given."""

    tokens = None
    client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client_info):
        self.client = client_info


async def call(mcp, storage, browser, client_metadata_url=None):
    """Connects and calls the one tool; `browser` goes to an authorization URL, and answers where it led to."""
    reached = {}

    async def redirect(url):
        reached["url"] = await asyncio.to_thread(browser, url)

    async def callback():
        answer = {name: values[0] for name, values in parse_qs(urlsplit(reached["url"]).query).items()}
        return AuthorizationCodeResult(code=answer["code"], state=answer["state"], iss=answer["iss"])

    metadata = OAuthClientMetadata(client_name="Python MCP client", redirect_uris=[REDIRECT_URI], token_endpoint_auth_method="none")
    provider = OAuthClientProvider(mcp["resource"], metadata, storage, redirect, callback, client_metadata_url)
    async with httpx2.AsyncClient(auth=provider, timeout=60) as http:
        async with streamable_http_client(mcp["resource"], http_client=http) as streams:
            async with ClientSession(streams[0], streams[1]) as session:
                await session.initialize()
                result = await session.call_tool("whoami", {})
                return result.content[0].text


@pytest.fixture(scope="module", params=[None, "server.py", "server.ts"], ids=["test-server", "server.py", "server.ts"])
def mcp(server, request):
    return server.start_mcp(request.param)


def allow(server, mcp, **who):
    server.set_policy(quarantine="false", scope=f"openid offline_access {mcp['scope']}", **who)


def publish(server, mcp, name, redirect_uri):
    """Publishes what the SDK is to be known by."""
    return server.publish(
        name,
        client_name="Published Python MCP client",
        redirect_uris=[redirect_uri],
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
        token_endpoint_auth_method="none",
        scope=f"{mcp['scope']} offline_access",
    )


def nobody(url):
    raise AssertionError(f"asked again: {url}")


def test_the_sdk_registers_itself_signs_somebody_in_and_calls_a_tool(server, mcp, browser_sign_in):
    allow(server, mcp, registration="open")
    storage = Storage()
    sub = asyncio.run(call(mcp, storage, lambda url: browser_sign_in(url, REDIRECT_URI)))
    assert sub
    assert storage.client.client_id

    # With what is kept, nobody is asked a second time.
    assert asyncio.run(call(mcp, storage, nobody)) == sub


def test_the_sdk_is_known_by_its_document_where_nobody_may_register(server, mcp, browser_sign_in):
    allow(server, mcp, documents="any")
    address = publish(server, mcp, "client", REDIRECT_URI)
    storage = Storage()
    asked = []

    def sign_in(url):
        asked.append(parse_qs(urlsplit(url).query)["client_id"])
        return browser_sign_in(url, REDIRECT_URI)

    sub = asyncio.run(call(mcp, storage, sign_in, address))
    assert sub
    assert asked == [[address]]
    assert storage.client.client_id == address
    assert jwt.decode(storage.tokens.access_token, options={"verify_signature": False})["client_id"] == address

    assert asyncio.run(call(mcp, storage, nobody, address)) == sub


def test_a_document_that_lists_another_redirect_uri_signs_nobody_in(server, mcp, browser_to):
    allow(server, mcp, documents="any")
    address = publish(server, mcp, "elsewhere", "http://localhost:3000/elsewhere")
    storage = Storage()
    ends = []

    def refused(url):
        ends.append(browser_to(url, REDIRECT_URI))
        raise NotReached

    with pytest.RaisesGroup(NotReached, allow_unwrapped=True, flatten_subgroups=True):
        asyncio.run(call(mcp, storage, refused, address))
    assert [(end.returncode, end.stdout) for end in ends] == [(1, "")]
    assert "error page" in ends[0].stderr
    assert "AS-1003" in ends[0].stderr
    assert storage.tokens is None
