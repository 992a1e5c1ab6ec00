"""Every refusal of the Shopify stand-in outside GraphQL's own: status, words and shape of the real thing."""

from __future__ import annotations

import json
from typing import Any

from tieout.sandbox import Answer, page

BAD_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"
USED_CODE = "The authorization code was not found or was already used"
LIMITS_PAGE = "https://shopify.dev/api/usage/rate-limits"


class Refused(Exception):
    """A call that goes no further; carries its answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def json_answer(status: int, body: Any) -> Answer:
    return Answer(status, json.dumps(body).encode(), "application/json; charset=utf-8")


def errors(status: int, told: Any) -> Answer:
    """The dialect of the Admin API in front of GraphQL: one word or table under `errors`."""
    return json_answer(status, {"errors": told})


def bad_token() -> Answer:
    return errors(401, BAD_TOKEN)


def not_found() -> Answer:
    return errors(404, "Not Found")


def shop_state(state: str) -> Answer:
    """What a shop that is not open answers: frozen 402, locked 423, fraudulent 403."""
    match state:
        case "frozen":
            return errors(402, "Unavailable Shop")
        case "locked":
            return errors(423, "This shop is unavailable")
    return errors(403, "Forbidden")


def oauth(error: str, description: str, status: int = 400) -> Answer:
    return json_answer(status, {"error": error, "error_description": description})


def oauth_page(error: str, description: str) -> Answer:
    """The page a person sees when an install goes wrong before anything was asked; it never redirects."""
    return page(
        400,
        "<!doctype html><html lang=en><title>Something went wrong</title><h1>Oauth error</h1>"
        f"<p>Oauth error {error}: {description}</p></html>",
    )


def too_many(retry_after: str = "2.0") -> Answer:
    answer = errors(
        429, "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service."
    )
    return answer.with_headers(("Retry-After", retry_after)) if retry_after else answer


def broken(status: int = 500) -> Answer:
    return errors(status, "Internal Server Error" if status == 500 else "Service Unavailable")
