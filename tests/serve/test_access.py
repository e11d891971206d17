"""Hosts and origins: what a browser sends of its own page is let in, and whatever another site could make it send is not."""

import pytest

from pydeblur.serve.access import AllowedHosts, check_request, is_loopback
from pydeblur.serve.refusals import Refusal, as_sentence

OWN = {"host": "127.0.0.1:8765", "origin": "http://127.0.0.1:8765"}


@pytest.mark.parametrize(
    "header",
    ["127.0.0.1", "127.0.0.1:8765", "localhost", "localhost:80", "LOCALHOST:8765", "[::1]:8765", "192.168.0.7:8000"],
)
def test_names_and_addresses_of_this_machine_are_let_in(header):
    assert AllowedHosts("127.0.0.1").allow(header)


@pytest.mark.parametrize(
    "header",
    [
        *(
            "",
            "evil.example",
            "evil.example:8765",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil.localhost",
        ),
        *("127.0.0.1:8765:1", "127.0.0.1:x", "127.0.0.1:99999", "[::1", "::1]:80", "127.1", "0x7f000001", "2130706433"),
        *(
            "localhost@evil.example",
            "user@localhost",
            "localhost/path",
            "localhost#x",
            "localhost?x",
            " localhost",
            "[]",
        ),
        *("evil.example\\@localhost", "localhost\t", "ⅼocalhost", "127.0.0.1%00.evil.example"),
    ],
)
def test_other_names_are_refused(header):
    assert not AllowedHosts("127.0.0.1").allow(header)


def test_a_host_that_was_named_is_let_in_by_that_name_alone():
    hosts = AllowedHosts("photo.example")
    assert hosts.allow("photo.example:8765")
    assert not hosts.allow("other.example:8765")


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "", "http://localhost:8765", "http://127.0.0.1:8766", "http://127.0.0.1"]
)
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_other_origins_are_refused(origin, method):
    with pytest.raises(Refusal, match="other sites") as refused:
        check_request(method, "/pages", {**OWN, "origin": origin}, AllowedHosts("127.0.0.1"))
    assert refused.value.status == 403


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "OPTIONS"])
def test_what_changes_something_needs_an_origin(method):
    with pytest.raises(Refusal):
        check_request(method, "/pages", {"host": OWN["host"]}, AllowedHosts("127.0.0.1"))


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_what_a_browser_calls_another_site_is_refused_but_for_links_to_the_page(site):
    headers = {"host": OWN["host"], "sec-fetch-site": site, "sec-fetch-mode": "no-cors"}
    with pytest.raises(Refusal):
        check_request("GET", "/", headers, AllowedHosts("127.0.0.1"))
    link = {**headers, "sec-fetch-mode": "navigate"}
    check_request("GET", "/", link, AllowedHosts("127.0.0.1"))
    with pytest.raises(Refusal):
        check_request("GET", "/page.js", link, AllowedHosts("127.0.0.1"))


@pytest.mark.parametrize(
    "host, loopback",
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("x", False),
    ],
)
def test_loopback_is_known(host, loopback):
    assert is_loopback(host) == loopback


def test_sentences_are_short_and_on_one_line():
    sentence = as_sentence("a word\n" * 200)
    assert len(sentence) <= 300
    assert "\n" not in sentence
