"""What a person sees of the provider: the page that asks whether a site may know who they are, and the way back."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

from tieout.sandbox import Answer, Doc, Request, page
from tieout.sandbox.openid import tokens
from tieout.sandbox.openid.flavours import Flavour
from tieout.sandbox.openid.state import People

ASKED = ("client_id", "redirect_uri", "state", "nonce", "code_challenge", "scope", "login_hint")


def authorise(people: People, flavour: Flavour, request: Request) -> Answer:
    """The page that asks. What is wrong with the site itself is told here: nobody is sent to an unknown address."""
    asked = dict(request.query)
    if wrong := _wrong(people, flavour, asked):
        return page(400, f"<!doctype html><title>{flavour.label}</title><h1>400</h1><p>Error: {escape(wrong)}</p>")
    if "openid" not in asked.get("scope", "").split() or asked.get("response_type") != "code":
        return _back(people, flavour, asked, {"error": "invalid_request"})
    if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
        return _back(people, flavour, asked, {"error": "invalid_request", "error_description": "S256 is required"})
    hidden = "".join(f'<input type="hidden" name="{name}" value="{escape(asked.get(name, ""))}">' for name in ASKED)
    choices = "".join(
        f'<option value="{escape(row["email"])}">{escape(row["name"])} ({escape(row["email"])})</option>'
        for row in _first(people, flavour, asked.get("login_hint", ""))
    )
    return page(
        200,
        f'<!doctype html><html lang="en"><title>{flavour.label}</title><h1>Choose an account</h1>'
        f'<form method="post" action="/{flavour.name}/decide">{hidden}'
        f'<p><label>Account <select name="account">{choices}</select></label></p>'
        '<button name="decision" value="allow">Allow</button> <button name="decision" value="deny">Cancel</button>'
        "</form></html>",
    )


def decide(people: People, flavour: Flavour, request: Request) -> Answer:
    """The press on Allow or Cancel."""
    told = request.form()
    if wrong := _wrong(people, flavour, told):
        return page(400, f"<!doctype html><title>{flavour.label}</title><p>Error: {escape(wrong)}</p>")
    person = people.person(flavour, told.get("account", ""))
    if told.get("decision") != "allow" or person is None:
        return denied(people, flavour, told)
    row = {"sub": person["sub"], "redirect_uri": told["redirect_uri"], "nonce": told.get("nonce", "")}
    row |= {"challenge": told.get("code_challenge", ""), "scope": told.get("scope", "openid")}
    return _back(people, flavour, told, {"code": tokens.new_code(people, flavour, row)})


def denied(people: People, flavour: Flavour, told: Doc) -> Answer:
    words = "The person <b>did not</b> allow it"  # a description may hold anything
    return _back(people, flavour, told, {"error": "access_denied", "error_description": words})


def _back(people: People, flavour: Flavour, told: Doc, found: Doc) -> Answer:
    answer = dict(found)
    if told.get("state"):
        answer["state"] = told["state"]
    match people.switches["answer_iss"]:
        case "other":
            answer["iss"] = tokens.OTHER_ISSUER
        case "" if flavour.tells_iss:
            answer["iss"] = people.issuer(flavour)
    joint = "&" if "?" in told["redirect_uri"] else "?"
    return Answer(302, headers=(("Location", f"{told['redirect_uri']}{joint}{urlencode(answer)}"),))


def _wrong(people: People, flavour: Flavour, told: Doc) -> str:
    if told.get("client_id") != flavour.client_id:
        return "invalid_client"
    return "" if told.get("redirect_uri") in people.redirects(flavour) else "redirect_uri_mismatch"


def _first(people: People, flavour: Flavour, hint: str) -> list[Doc]:
    """The hinted account leads the list."""
    return sorted(people.people(flavour), key=lambda row: row["email"] != hint)
