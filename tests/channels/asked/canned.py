"""Answers in order, and what was asked for them."""

import json
from dataclasses import dataclass, field
from typing import Any

from tieout.calls import Answer, Request
from tieout.channels import Access, Registration
from tieout.core.secret import Secret


def said(body: object, status: int = 200, **headers: str) -> Answer:
    """`body`: bytes as they are, else JSON. Header names with _ for -."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


@dataclass
class Canned:
    """Meets `Call`: gives its answers one after the other, and fails the test when there are no more."""

    answers: list[Answer]
    asked: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Answer:
        self.asked.append(request)
        assert self.answers, f"nobody expected {request.method} {request.url}"
        return self.answers.pop(0)

    def body(self, number: int) -> Any:
        return json.loads(self.asked[number].body or b"null")


def registration(urls: dict[str, str], is_registered: bool = True) -> Registration:
    secret = Secret("hush" if is_registered else "")
    return Registration("app" if is_registered else "", secret, "https://us.example/back", "", urls)


def access(app: Registration, account: str, place: str) -> Access:
    return Access(Secret("token"), account, place, app)
