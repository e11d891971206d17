"""Requests that no page of ours makes: they are refused, they take no memory, and the server answers afterwards."""

import json
import socket
import struct
import sys
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

SECRETS = (b"root:", b"[metadata]", b"import ", b"Traceback", b"pydeblur-serve-")
PATHS = (
    *("/etc/passwd", "/../../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/....//etc/passwd"),
    *(
        "//etc/passwd",
        "/page.css/../app.py",
        "/page.css%00.py",
        "/app.py",
        "/page.html",
        "/static/",
        "/pages/",
        "/pages",
    ),
    *("/pages/..", "/pages/../page.css", "/pages/x/events", "/pages/%2e%2e/events", "/pages/x/jobs/y/files/picture"),
    *(
        "/pages/x/jobs/y/files/..%2f..%2flock",
        "/pages/x/jobs/y/view",
        "/.git/config",
        "/server-status",
        "/admin",
        "/robots.txt",
    ),
    *(
        "/?debug=1&path=/etc/passwd",
        "/page.js?x=" + "y" * 5000,
        "/" + "a" * 5000,
        "/%ff%fe",
        "/\\..\\..\\windows",
        "/*",
    ),
    *("/pages/'; DROP TABLE pages; --/events", "/pages/$(id)/events", "/pages/`id`/events", "/page.css;x", "/PAGE.CSS"),
)
METHODS = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "HEAD", "GARBAGE")
HEADERS = (
    *({"Host": "evil.example"}, {"Host": "evil.example:80"}, {"Host": ""}, {"Host": "localhost.evil.example"}),
    *({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "https://evil.example"}, {"Origin": "file://"}),
    *(
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"X-Forwarded-Host": "evil.example", "Host": "evil"},
    ),
    *({"Content-Length": "-1"}, {"Content-Length": "99999999999999999999"}, {"Content-Length": "x"}),
    *({"Transfer-Encoding": "gzip"}, {"Transfer-Encoding": "chunked", "Content-Length": "5"}, {"X": "y" * 100_000}),
    *({"Content-Type": "multipart/form-data; boundary=x"}, {"Content-Type": "text/html"}, {"Content-Type": ""}),
    *({"Expect": "200-ok"}, {"Upgrade": "websocket", "Connection": "Upgrade"}, {"Range": "bytes=0-"}),
)
BODIES = (
    *(b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b"[" * 4000, b'{"size": "huge"}', b'{"size": {"$gt": ""}}'),
    *(
        b'{"folder": "/etc"}',
        b'{"region": [0, 0, 999999, 9]}',
        b'{"own_size": 1e400}',
        b'{"own_size": NaN}',
        b" " * 5000,
    ),
    *(b'{"method": "../../x"}', b'{"__class__": "x"}', b'{"size": "small", "size": "own", "own_size": 99999999}'),
)


def raw(server, data, read=True):
    """Sends bytes; returns what comes back until the server closes the connection."""
    with socket.create_connection((server.host, server.port), timeout=60) as connection:
        try:
            connection.sendall(data)
            received = b""
            while read and (part := connection.recv(65536)):
                received += part
        except ConnectionError:
            return b""
    return received


def request(server, method, path, headers=(), body=b""):
    own = {"Host": f"{server.host}:{server.port}", "Origin": server.address, "Connection": "close"}
    own["Content-Length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in {**own, **dict(headers)}.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def status_of(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else None


def png(width, height, data=b""):
    """A PNG that claims a size, with so much of its pixels' data."""

    def chunk(kind, contents):
        return struct.pack(">I", len(contents)) + kind + contents + struct.pack(">I", zlib.crc32(kind + contents))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")


@pytest.fixture(autouse=True)
def answers_afterwards(server):
    before = server.memory() if sys.platform.startswith("linux") else 0
    yield
    assert server.ask("GET", "/")[0] == 200
    assert server.ask("GET", "/page.js", Origin=server.address)[0] == 200
    if before:
        assert server.memory() - before < 64e6


def test_a_hundred_hostile_requests(server, page):
    sent = [request(server, "GET", path) for path in PATHS]
    sent += [request(server, method, "/pages") for method in METHODS]
    sent += [request(server, "POST", f"{page.path}/pictures", headers, b"12345") for headers in HEADERS]
    as_json = {"Content-Type": "application/json"}
    sent += [request(server, "POST", f"{page.path}/pictures/x/jobs", as_json, body) for body in BODIES]
    sent += [
        b"\x00" * 100,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        request(server, "GET", "/").replace(b"Host:", b"Host: evil.example\r\nHost:"),
        request(server, "GET", "/").replace(b"Origin:", b"Origin: http://evil.example\r\nOrigin:"),
        request(server, "GET", "/").replace(b"\r\nConnection", b"\r\n folded\r\nConnection"),
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 50_000,
        b"A" * 200_000,
        b"POST /pages HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
    ]
    assert len(sent) >= 90
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda data: raw(server, data), sent))
    assert not any(secret in answer for answer in answers for secret in SECRETS)
    for data, answer in zip(sent, answers):
        is_page = data.startswith((b"GET /?debug", b"GET /page.js?"))
        status = status_of(answer)
        assert (status == 200) if is_page else status is None or 400 <= status < 500, (data[:120], answer[:200])
        if b"content-type: application/json" in answer and not data.startswith(b"HEAD"):
            error = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
            assert error.endswith(".")
            assert len(error) < 300


def test_every_answer_has_the_strict_headers(server, page):
    for method, path in (
        ("GET", "/"),
        ("GET", "/nothing"),
        ("GET", "/report.js"),
        ("POST", f"{page.path}/pictures"),
        ("PUT", "/"),
    ):
        server.ask(method, path)
        policy = server.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert server.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in server.headers


@pytest.mark.parametrize(
    "contents, word",
    [
        (png(100_000, 2_000), "100000 x 2000"),
        (png(100_000, 9, bytes(9 * 100_001)), None),
        (png(900, 900), "truncated|damaged|too few|missing|data"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "not an image"),
    ],
    ids=["bomb", "strip", "no pixels", "svg"],
)
def test_files_that_are_no_pictures_or_bombs(page, contents, word):
    import re

    status, told = page.upload(contents)
    if word is None:
        # A long strip within the limits is a picture like any other.
        assert (status, told["width"]) == (201, 100_000)
        return
    assert "picture" not in told
    assert re.search(word, told["error"])
    assert len(told["error"]) < 300
    assert "/" not in told["error"]


def test_a_picture_with_too_many_bytes_is_refused_announced_or_not(server, page):
    head = {"Content-Type": "application/octet-stream"}
    announced = request(server, "POST", f"{page.path}/pictures", {**head, "Content-Length": "2000001"}, b"1")
    answer = raw(server, announced)
    assert status_of(answer) == 413
    assert b"megabytes" in answer
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    start = request(server, "POST", f"{page.path}/pictures", {**head, "Transfer-Encoding": "chunked"})
    start = b"\r\n".join(line for line in start.split(b"\r\n") if not line.startswith(b"Content-Length"))
    assert status_of(raw(server, start + 40 * chunk)) in (413, None)


def test_slow_requests_are_ended(server, page):
    head = {"Content-Type": "application/octet-stream", "Content-Length": "1000"}
    answer = raw(server, request(server, "POST", f"{page.path}/pictures", head, b"1"))
    assert status_of(answer) == 408
    # Neither the beginning of a head nor nothing at all keeps a connection open.
    assert raw(server, b"GET / HTTP/1.1\r\nHost:") == b""
    assert raw(server, b"") == b""


def test_uploads_at_once_are_bounded(server, page, photo):
    head = {"Content-Type": "application/octet-stream", "Content-Length": "1000"}
    slow = request(server, "POST", f"{page.path}/pictures", head, b"1")
    threads = [threading.Thread(target=raw, args=(server, slow)) for _ in range(2)]
    for thread in threads:
        thread.start()
    refused = 0
    while not refused:
        assert any(thread.is_alive() for thread in threads)
        # Too short to be looked at.
        status, told = page.upload(b"")
        refused += status == 503
        assert status in (400, 503), told
    for thread in threads:
        thread.join()
    assert page.upload(photo)[0] == 201


def test_open_pages_are_bounded(server):
    opened = []
    while (answer := server.ask("POST", "/pages"))[0] == 201:
        opened.append(answer[1]["page"])
        assert len(opened) <= 30
    assert answer[0] == 503
    assert "pages are open" in answer[1]["error"]
    for page in opened:
        assert server.ask("POST", f"/pages/{page}/close")[0] == 204


def test_a_full_store_takes_no_more_pictures(running_server, tmp_path, photo):
    with running_server(tmp_path, stored_bytes=-1) as server:
        status, told = server.open_page().upload(photo)
    assert (status, "no room" in told["error"]) == (507, True)


def test_a_bomb_of_memory_ends_in_a_sentence(running_server, tmp_path, encoded):
    # Pixels are allowed that the memory is too small for.
    with running_server(tmp_path, memory=256 << 20, pixels=100_000_000) as server:
        page = server.open_page()
        page.listen()
        status, told = page.upload(encoded(np.zeros((5000, 5000), np.uint8)))
        assert "picture" not in told
        assert "memory" in told["error"]
        assert page.upload(encoded(np.zeros((30, 30), np.uint8)))[0] == 201
        page.leave()
