"""Runs in an environment of its own: python-amazon-sp-api, unmodified, told what to do line by line.

A line is `[verb, arguments]`; the answer is `{"result": …}` or `{"raised": [kind, words, code]}`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from sp_api.api import Reports
from sp_api.base import Marketplaces
from sp_api.util import load_all_pages

held: dict[str, Any] = {}


def begin(refresh_token: str, client_id: str, secret: str, country: str) -> None:
    credentials = {"refresh_token": refresh_token, "lwa_app_id": client_id, "lwa_client_secret": secret}
    held["reports"] = Reports(marketplace=Marketplaces[country], credentials=credentials)


def get_reports(**told: Any) -> Any:
    return held["reports"].get_reports(**told).payload


def all_reports(**told: Any) -> list[Any]:
    """Every page, by the client's own helper."""

    @load_all_pages(throttle_by_seconds=0, next_token_param="nextToken", next_token_only=True)
    def pages(**more: Any) -> Any:
        return held["reports"].get_reports(**more)

    return [row for each in pages(**told) for row in each.payload["reports"]]


def get_report(report_id: str) -> Any:
    return held["reports"].get_report(report_id).payload


def create_report(**told: Any) -> Any:
    return held["reports"].create_report(**told).payload


def document(document_id: str, **told: Any) -> Any:
    """Downloaded and decoded by the client; with what it took for its encoding."""
    found = held["reports"].get_report_document(document_id, download=True, **told)
    return {"text": found.payload["document"], "encoding": found.character_code, "url": found.payload["url"]}


def rate_limit() -> Any:
    return held["reports"].get_reports(reportTypes=["X"]).headers.get("x-amzn-RateLimit-Limit")


VERBS = {
    name: made
    for name, made in list(globals().items())
    if callable(made) and getattr(made, "__module__", "") == __name__
}


def answering() -> None:
    for line in sys.stdin:
        verb, told = json.loads(line)
        try:
            found = {"result": VERBS[verb](**told)}
        except Exception as error:  # whatever it is, the test is told
            code = getattr(error, "amzn_code", getattr(error, "error_code", None))
            found = {"raised": [type(error).__name__, str(error) or repr(error), code]}
        sys.stdout.write(json.dumps(found, default=str) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    answering()
