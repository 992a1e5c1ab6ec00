"""A very small browser for the demo: opens a consent page, presses Allow, and keeps the answer that would go to us."""

import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from http.client import HTTPMessage
from typing import IO, Any

_SECONDS = 20


class NoConsent(Exception):
    """The consent page did not lead back to us."""


def allow(url: str) -> dict[str, str]:
    """The parameters that the platform sends back after Allow. Raises NoConsent with what the page said instead."""
    opener = urllib.request.build_opener(_NoRedirect)
    with opener.open(url, timeout=_SECONDS) as page:
        form = _Form()
        form.feed(page.read().decode("utf-8", "replace"))
    if not form.action:
        raise NoConsent("the consent page holds no form")
    target = urllib.parse.urljoin(url, form.action)
    sent = urllib.parse.urlencode({**form.fields, "decision": "allow"}).encode()
    try:
        opener.open(urllib.request.Request(target, data=sent), timeout=_SECONDS).close()
    except urllib.error.HTTPError as answer:
        where = answer.headers.get("Location", "")
        if answer.code in (302, 303) and where:
            return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(where).query))
        raise NoConsent(f"the consent page answered {answer.code}") from answer
    raise NoConsent("the consent page did not lead back")


def consent(tools: Any, platform: str, url: str, session: str) -> Any:
    """The whole round of a person who allows, and says that the books shown are the right ones: a ConnectResult."""
    from tieout.sync.connections import choose_books, finish_connect

    params = allow(url)
    result = finish_connect(tools, platform, params, session)
    if result.outcome == "choose":
        result = choose_books(tools, params["state"], result.choices[0].books, session)
    return result


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


class _Form(HTMLParser):
    """The first form of a page: where it goes, its hidden fields, and the first choice of every list."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
        given = dict(attrs)
        if tag == "form" and not self.action:
            self.action = given.get("action") or ""
        elif tag == "input" and given.get("name"):
            self.fields[given["name"]] = given.get("value") or ""
        elif tag == "select":
            self._select = given.get("name") or ""
        elif tag == "option" and self._select and self._select not in self.fields:
            self.fields[self._select] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
