"""Authlib as the client, joserfc and PyJWT as the resource server: independent code on both sides of the tokens."""

import time
import uuid

import jwt
import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt as jose_jwt
from joserfc.jwk import ECKey, KeySet, RSAKey


@pytest.fixture(scope="session")
def metadata(server):
    answer = requests.get(f"{server.issuer}/.well-known/openid-configuration", timeout=10)
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture(scope="session", autouse=True)
def loopback_http():
    """Authlib refuses http without this, also on the loopback interface."""
    import os

    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"


def code_flow(metadata, session, browser_sign_in, **extra):
    verifier = generate_token(64)
    nonce = generate_token(20)
    url, state = session.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce, **extra
    )
    callback = browser_sign_in(url, session.redirect_uri)
    token = session.fetch_token(
        metadata["token_endpoint"], authorization_response=callback, code_verifier=verifier, state=state
    )
    return token, nonce


def verify_with_joserfc(metadata, token, algorithms=("RS256",)):
    keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())
    return jose_jwt.decode(token, keys, algorithms=list(algorithms))


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_the_code_flow_of_a_confidential_client(server, metadata, browser_sign_in, method):
    client = server.clients["web"]
    session = OAuth2Session(
        client["id"],
        client["secret"],
        token_endpoint_auth_method=method,
        scope="openid profile email",
        redirect_uri=client["redirectUri"],
        code_challenge_method="S256",
    )
    token, nonce = code_flow(metadata, session, browser_sign_in)
    assert token["token_type"].lower() == "bearer"

    found = verify_with_joserfc(metadata, token["id_token"])
    assert found.header["kid"]
    jose_jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": server.issuer},
        aud={"essential": True, "value": client["id"]},
        nonce={"essential": True, "value": nonce},
        sub={"essential": True},
        exp={"essential": True},
    ).validate(found.claims)

    answer = session.get(metadata["userinfo_endpoint"])
    assert answer.status_code == 200
    assert answer.json()["sub"] == found.claims["sub"]
    assert answer.json()["preferred_username"] == "alice"


def test_the_code_flow_of_a_public_client_with_refresh_and_revocation(server, metadata, browser_sign_in):
    client = server.clients["spa"]
    session = OAuth2Session(
        client["id"],
        token_endpoint_auth_method="none",
        scope="openid offline_access",
        redirect_uri=client["redirectUri"],
        code_challenge_method="S256",
    )
    first, _ = code_flow(metadata, session, browser_sign_in, prompt="consent")
    second = session.refresh_token(metadata["token_endpoint"], refresh_token=first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]

    answer = session.revoke_token(
        metadata["revocation_endpoint"], token=second["refresh_token"], token_type_hint="refresh_token"
    )
    assert answer.status_code == 200
    with pytest.raises(OAuthError) as refusal:
        session.refresh_token(metadata["token_endpoint"], refresh_token=second["refresh_token"])
    assert refusal.value.error == "invalid_grant"


def test_pyjwt_verifies_the_id_token_and_the_access_token(server, metadata, browser_sign_in):
    client = server.clients["web"]
    session = OAuth2Session(
        client["id"], client["secret"], scope="openid", redirect_uri=client["redirectUri"], code_challenge_method="S256"
    )
    token, _ = code_flow(metadata, session, browser_sign_in)
    keys = jwt.PyJWKClient(metadata["jwks_uri"])
    key = keys.get_signing_key_from_jwt(token["id_token"])
    claims = jwt.decode(token["id_token"], key, algorithms=["RS256"], audience=client["id"], issuer=server.issuer)
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(token["id_token"], key, algorithms=["RS256"], audience="somebody-else", issuer=server.issuer)
    header = jwt.get_unverified_header(token["access_token"])
    assert header["typ"] == "at+jwt"
    access = jwt.decode(
        token["access_token"],
        keys.get_signing_key_from_jwt(token["access_token"]),
        algorithms=[header["alg"]],
        issuer=server.issuer,
        options={"verify_aud": False, "require": ["exp", "iat", "sub", "client_id", "jti", "aud"]},
    )
    assert access["sub"] == claims["sub"]


def test_client_credentials(server, metadata):
    client = server.clients["m2m"]
    session = OAuth2Session(client["id"], client["secret"], scope=client["scope"])
    token = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
    assert token["access_token"]
    assert "refresh_token" not in token and "id_token" not in token
    found = session.introspect_token(metadata["introspection_endpoint"], token=token["access_token"]).json()
    assert found["active"] is True
    assert found["client_id"] == client["id"]


def test_client_credentials_with_a_wrong_secret(server, metadata):
    session = OAuth2Session(server.clients["m2m"]["id"], "wrong")
    with pytest.raises(OAuthError) as refusal:
        session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
    assert refusal.value.error == "invalid_client"


# --- private_key_jwt ---------------------------------------------------------------------------------------

KEYS = {
    "RS256": lambda kid: RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"}, private=True),
    "ES256": lambda kid: ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"}, private=True),
}


@pytest.fixture(scope="session", params=sorted(KEYS))
def key_client(request, server):
    """A client that proves itself with a key: the server knows only the public half."""
    key = KEYS[request.param](str(uuid.uuid4()))
    name = f"assertions-{request.param.lower()}"
    client = server.create_client(
        name=name,
        grantTypes=["client_credentials"],
        scopes=["demo.read"],
        authMethod="private_key_jwt",
        jwks={"keys": [key.as_dict(private=False)]},
    )
    return client["id"], key, request.param


def assertion(client_id, key, algorithm, audience, header=None, **changed):
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": audience, "iat": now, "exp": now + 60, "jti": str(uuid.uuid4())}
    claims.update(changed)
    return jose_jwt.encode({"alg": algorithm, "kid": key.kid, **(header or {})}, claims, key, algorithms=[algorithm])


def present(metadata, client_assertion, **extra):
    form = {
        "grant_type": "client_credentials",
        "scope": "demo.read",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": client_assertion,
        **extra,
    }
    return requests.post(metadata["token_endpoint"], data=form, timeout=10)


def test_private_key_jwt_as_authlib_does_it(metadata, key_client):
    client_id, key, algorithm = key_client
    session = OAuth2Session(client_id, key, token_endpoint_auth_method="private_key_jwt", scope="demo.read")
    session.register_client_auth_method(
        PrivateKeyJWT(metadata["token_endpoint"], alg=algorithm, headers={"kid": key.kid})
    )
    token = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
    assert token["access_token"]


def test_an_assertion_for_the_issuer_is_accepted(server, metadata, key_client):
    answer = present(metadata, assertion(*key_client, server.issuer))
    assert answer.status_code == 200, answer.text


def test_an_assertion_works_once(metadata, key_client):
    once = assertion(*key_client, metadata["token_endpoint"])
    assert present(metadata, once).status_code == 200
    again = present(metadata, once)
    assert (again.status_code, again.json()["error"]) in [(400, "invalid_client"), (401, "invalid_client")]


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://other.example/token"},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"iss": "somebody-else"},
        {"sub": "somebody-else"},
        {"nbf": 4_000_000_000},
    ],
    ids=lambda changed: next(iter(changed.items()))[0] + "-" + str(next(iter(changed.values()))),
)
def test_a_wrong_assertion_is_invalid_client(metadata, key_client, changed):
    claims = dict(changed)
    audience = claims.pop("aud", metadata["token_endpoint"])
    answer = present(metadata, assertion(*key_client, audience, **claims))
    assert answer.status_code in (400, 401), answer.text
    assert answer.json()["error"] == "invalid_client"


def test_an_assertion_by_another_key_is_invalid_client(metadata, key_client):
    client_id, key, algorithm = key_client
    other = KEYS[algorithm](key.kid)
    answer = present(metadata, assertion(client_id, other, algorithm, metadata["token_endpoint"]))
    assert answer.json()["error"] == "invalid_client"


def test_an_unsigned_assertion_is_invalid_client(metadata, key_client):
    client_id, key, _ = key_client
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": metadata["token_endpoint"], "exp": now + 60, "jti": "x"}
    answer = present(metadata, jwt.encode(claims, None, algorithm="none", headers={"kid": key.kid}))
    assert answer.json()["error"] == "invalid_client"


def test_the_public_key_is_not_a_secret_to_sign_with(metadata, key_client):
    """RS256 turned into HS256 with the public key's text as the secret: the oldest trick."""
    import base64
    import hashlib
    import hmac
    import json

    client_id, key, _ = key_client
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": metadata["token_endpoint"], "exp": now + 60, "jti": str(uuid.uuid4())}

    def part(raw):
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    head = part(json.dumps({"alg": "HS256", "kid": key.kid}).encode()) + "." + part(json.dumps(claims).encode())
    mac = hmac.new(key.as_pem(private=False), head.encode(), hashlib.sha256).digest()
    answer = present(metadata, f"{head}.{part(mac)}")
    assert answer.json()["error"] == "invalid_client"
