"""A server with tight limits, a client that speaks HTTP to it, and pictures to be sent."""

import http.client
import io
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from scipy.signal import convolve2d

pytest.importorskip("starlette", reason="the extra serve is not installed")
pytest.importorskip("uvicorn", reason="the extra serve is not installed")

LIMITS = {
    "waiting": 2,
    "pages": 30,
    "results": 3,
    "uploads": 2,
    "upload_bytes": 2_000_000,
    "pixels": 1_000_000,
    "header_seconds": 1.0,
    "chunk_seconds": 1.0,
    "page_seconds": 1.0,
    "keeps_ready": False,
}
CODE = """
import sys
from pydeblur.serve.limits import Limits
from pydeblur.serve.server import serve
serve("127.0.0.1", int(sys.argv[1]), Limits(**{limits!r}), lambda address: print(address, flush=True))
"""
#: Nothing is waited for longer than this many seconds.
GENEROUS = 120


class Client:
    """Requests as the page of a server makes them."""

    def __init__(self, address, process=None):
        self.address, self.process = address.rstrip("/"), process
        self.host, self.port = urlsplit(address).hostname, urlsplit(address).port
        self.own = {"Origin": self.address}

    def ask(self, method, path, body=None, **headers):
        """Returns the status and the contents: of JSON its value, else bytes."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=GENEROUS)
        try:
            connection.request(
                method, path, body, {**self.own, **{key.replace("_", "-"): headers[key] for key in headers}}
            )
            answer = connection.getresponse()
            contents = answer.read()
            self.headers = {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()
        is_json = self.headers.get("content-type") == "application/json"
        return answer.status, json.loads(contents) if is_json else contents

    def open_page(self):
        return PageClient(self, self.ask("POST", "/pages")[1]["page"])

    def processes(self):
        """The numbers of the server's own processes that are at work."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        found = []
        for child in children:
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            if b"spawn_main" in command:
                found.append(int(child))
        return found

    def memory(self):
        """Bytes that the server itself has in memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(status.split("VmRSS:")[1].split()[0])


class PageClient:
    """One open page."""

    def __init__(self, client, identifier):
        self.client, self.path = client, f"/pages/{identifier}"
        self._connection = None

    def upload(self, contents):
        return self.client.ask("POST", f"{self.path}/pictures", contents, Content_Type="application/octet-stream")

    def start(self, picture, **choices):
        """Returns the status and the job's path, or what is wrong."""
        body = json.dumps({"size": "small", "method": "gradient", "final_step": "tv", **choices})
        path = f"{self.path}/pictures/{picture}/jobs"
        status, told = self.client.ask("POST", path, body, Content_Type="application/json")
        return status, told.get("error") or f"{self.path}/jobs/{told['job']}"

    def listen(self):
        """Begins to listen to the events."""
        self._connection = http.client.HTTPConnection(self.client.host, self.client.port, timeout=GENEROUS)
        self._connection.request("GET", f"{self.path}/events")
        self._stream = self._connection.getresponse()
        assert self._stream.headers["content-type"].startswith("text/event-stream")

    def events(self):
        """Yields kinds and contents of events."""
        kind = None
        while line := self._stream.readline().decode():
            if line.startswith("event: "):
                kind = line[7:].strip()
            elif line.startswith("data: "):
                yield kind, json.loads(line[6:])

    def until(self, job, *states):
        """Listens until a job is in one of some states; returns what was told of it."""
        for kind, told in self.events():
            if kind == "state" and job.endswith(told["job"]) and told["state"] in states:
                return told
        raise AssertionError("the stream has ended")

    def leave(self):
        """Closes the connection of the events, as a browser does whose page is closed."""
        self._stream.close()
        self._connection.close()


@contextmanager
def running_server(folder, port=0, **limits):
    """A server of its own process, whose temporary files are in a folder."""
    code = CODE.format(limits={**LIMITS, **limits})
    environment = {**os.environ, "TMPDIR": str(folder), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(port)], stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        yield Client(process.stdout.readline().strip(), process)
    finally:
        process.terminate()
        process.wait(GENEROUS)
        process.stdout.close()


@pytest.fixture(scope="session")
def server_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="session")
def server(server_folder):
    with running_server(server_folder) as client:
        yield client


@pytest.fixture(name="running_server", scope="session")
def running_server_fixture():
    return running_server


@pytest.fixture
def page(server):
    """A page that is open during a test."""
    opened = server.open_page()
    opened.listen()
    yield opened
    opened.leave()
    server.ask("POST", f"{opened.path}/close")


def encoded(pixels, form="PNG", **words):
    with io.BytesIO() as file:
        Image.fromarray(pixels).save(file, form, **words)
        return file.getvalue()


@pytest.fixture(name="encoded", scope="session")
def encoded_fixture():
    return encoded


@pytest.fixture(scope="session")
def blurred(sharp_image):
    """A grey picture (96, 108) in uint8."""
    kernel = np.zeros((7, 7))
    kernel[[1, 2, 3, 3, 4, 5], [1, 2, 3, 4, 5, 5]] = [0.1, 0.2, 0.25, 0.2, 0.15, 0.1]
    return np.rint(255 * convolve2d(sharp_image[:102, :114], kernel, mode="valid")).astype(np.uint8)


@pytest.fixture(scope="session")
def photo(blurred):
    """The same as a PNG file's bytes."""
    return encoded(blurred)


@pytest.fixture(scope="session")
def large_photo(blurred):
    """One that takes minutes, and is cancelled before."""
    return encoded(np.kron(blurred, np.ones((5, 5), np.uint8)))


@pytest.fixture(scope="session")
def wait_until():
    def wait(holds):
        end = time.monotonic() + GENEROUS
        while not holds():
            assert time.monotonic() < end
            time.sleep(0.05)

    return wait
