"""One `symbolon dev` for the tests of this folder, started by support/start.mjs, and a browser by login.mjs."""

import json
import pathlib
import subprocess

import pytest

E2E = pathlib.Path(__file__).resolve().parent.parent


class Server:
    """The server, and what the contract says about its demo accounts and clients."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["node", str(E2E / "support" / "start.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        facts = self._answer()
        self.issuer = facts["issuer"]
        self.clients = facts["clients"]
        self.users = facts["users"]

    def _answer(self):
        line = self.process.stdout.readline()
        assert line, "support/start.mjs ended; its message is above"
        return json.loads(line)

    def create_client(self, **wanted):
        """Creates a client with the CLI; the keys are those of contract.mjs."""
        return self._ask({"createClient": wanted})

    def start_mcp(self, example=None):
        """Starts a protected MCP server, or the example of docs/mcp: its resource and its scope."""
        return self._ask({"startMcp": {"example": example}})

    def set_policy(self, **flags):
        """Says who may make themselves known, and waits until it holds; nobody may do what is not named."""
        self._ask({"setPolicy": flags})

    def publish(self, name, **metadata):
        """Serves a client ID metadata document: its address, which is the client_id."""
        return self._ask({"publish": {"name": name, "metadata": metadata}})

    def _ask(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self._answer()
        assert "ok" in answer, answer["error"]
        return answer["ok"]

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)


@pytest.fixture(scope="session")
def server():
    running = Server()
    yield running
    running.stop()


@pytest.fixture(params=["scripts", "no-scripts"])
def browser_to(request, server):
    """Goes to an authorization URL with a real browser and signs somebody in there: how login.mjs ended."""

    def go(url, redirect_uri, user="alice"):
        account = server.users[user]
        command = ["node", str(E2E / "login.mjs"), url, redirect_uri, account["username"], account["password"]]
        if request.param == "no-scripts":
            command.append("--no-js")
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    return go


@pytest.fixture
def browser_sign_in(browser_to):
    """Signs somebody in with a real browser and answers the URL with which the client was reached."""

    def sign_in(*args, **options):
        done = browser_to(*args, **options)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return sign_in
