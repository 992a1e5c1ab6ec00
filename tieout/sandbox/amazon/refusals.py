"""Every refusal of the Amazon stand-in, in the words and shape of the real thing."""

from __future__ import annotations

import json

from tieout.sandbox import Answer

DENIED = "Access to requested resource is denied."
REVOKED = "The access token you provided is revoked, malformed or invalid."
EXPIRED = "The access token you provided has expired."
MISSING = "Access token is missing in the request header."
QUOTA = "You exceeded your quota for the requested resource."
DEAD_GRANT = (
    "The request has an invalid grant parameter : refresh_token. User may have revoked or didn't grant the permission."
)


class Refused(Exception):
    """A call that goes no further; carries its answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def errors(status: int, code: str, message: str, details: str = "") -> Answer:
    """The error list of the Selling Partner API."""
    body = {"errors": [{"code": code, "message": message, "details": details}]}
    return Answer(status, json.dumps(body, indent=2).encode(), "application/json")


def unauthorised(details: str = "") -> Answer:
    """403 for what is called 401 elsewhere: Amazon tells an expired token by the details alone."""
    return errors(403, "Unauthorized", DENIED, details)


def invalid(message: str, details: str = "") -> Answer:
    return errors(400, "InvalidInput", message, details)


def not_found(message: str = "Resource not found") -> Answer:
    return errors(404, "NotFound", message)


def quota() -> Answer:
    return errors(429, "QuotaExceeded", QUOTA)


def broken(status: int = 500) -> Answer:
    if status == 503:
        return errors(503, "ServiceUnavailable", "Service is temporarily unavailable. Please try again.")
    return errors(status, "InternalFailure", "We encountered an internal error. Please try again.")


def token_error(status: int, error: str, description: str) -> Answer:
    """The dialect of Login with Amazon."""
    body = {"error_description": description, "error": error}
    return Answer(status, json.dumps(body).encode(), "application/json;charset=UTF-8")


def dead_grant() -> Answer:
    return token_error(400, "invalid_grant", DEAD_GRANT)


def stored(status: int, code: str, message: str) -> Answer:
    """The XML of the store behind the download addresses."""
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Answer(status, body.encode(), "application/xml")
