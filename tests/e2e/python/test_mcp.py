"""The MCP SDK for Python, of another team than the one for TypeScript, signs in with nothing configured for it."""

import asyncio
import time
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import requests
from mcp import ClientSession
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

REDIRECT_URI = "http://localhost:3000/callback"


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


async def call(mcp, storage, browser):
    """Connects and calls the one tool; `browser` goes to an authorization URL, and answers where it led to."""
    reached = {}

    async def redirect(url):
        reached["url"] = await asyncio.to_thread(browser, url)

    async def callback():
        answer = {name: values[0] for name, values in parse_qs(urlsplit(reached["url"]).query).items()}
        return AuthorizationCodeResult(code=answer["code"], state=answer["state"], iss=answer["iss"])

    metadata = OAuthClientMetadata(client_name="Python MCP client", redirect_uris=[REDIRECT_URI], token_endpoint_auth_method="none")
    provider = OAuthClientProvider(mcp["resource"], metadata, storage, redirect, callback)
    async with httpx2.AsyncClient(auth=provider, timeout=60) as http:
        async with streamable_http_client(mcp["resource"], http_client=http) as streams:
            async with ClientSession(streams[0], streams[1]) as session:
                await session.initialize()
                result = await session.call_tool("whoami", {})
                return result.content[0].text


@pytest.fixture(scope="module", params=[None, "server.py", "server.ts"], ids=["test-server", "server.py", "server.ts"])
def mcp(server, request):
    started = server.start_mcp(request.param)
    metadata = f"{server.issuer}/.well-known/oauth-authorization-server"
    for _ in range(100):  # the policy is new, and the server hears of it soon
        if "registration_endpoint" in requests.get(metadata, timeout=10).json():
            return started
        time.sleep(0.1)
    raise AssertionError("the metadata does not follow the policy")


def test_the_sdk_registers_itself_signs_somebody_in_and_calls_a_tool(mcp, browser_sign_in):
    storage = Storage()
    sub = asyncio.run(call(mcp, storage, lambda url: browser_sign_in(url, REDIRECT_URI)))
    assert sub
    assert storage.client.client_id

    def nobody(url):
        raise AssertionError(f"asked again: {url}")

    # With what is kept, nobody is asked a second time.
    assert asyncio.run(call(mcp, storage, nobody)) == sub
