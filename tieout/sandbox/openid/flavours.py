"""The three providers that the stand-in can be: where each keeps its addresses, and what its tokens say otherwise."""

from __future__ import annotations

from dataclasses import dataclass

# As at the stand-ins of the books, so that both can be used side by side.
APP_ID, APP_SECRET = "tieout-demo", "tieout-demo-secret"


@dataclass(frozen=True, slots=True)
class Flavour:
    """One provider. Paths are below its name; `issuer` and `discovery` are told apart, since Intuit's hosts differ."""

    name: str
    label: str
    client_id: str
    secret: str
    issuer: str
    discovery: str
    authorise: str
    token: str
    keys: str
    userinfo: str
    sets: str  # the part of Tieout's settings that is its own: TIEOUT_<sets>_…
    id_token_tells_email: bool = True
    verified: str = "email_verified"  # the claim that says so; empty: it never says so
    tells_iss: bool = False  # `iss` in the answer to the browser (RFC 9207)
    own_subject: str = ""  # a claim of its own that names the person, beside `sub`
    takes_secret_in_form: bool = True


GOOGLE = Flavour(
    name="google",
    label="Google",
    client_id=APP_ID,
    secret=APP_SECRET,
    issuer="",
    discovery=".well-known/openid-configuration",
    authorise="o/oauth2/v2/auth",
    token="oauth2/token",
    keys="oauth2/v3/certs",
    userinfo="v1/userinfo",
    sets="GOOGLE",
    tells_iss=True,
)
XERO = Flavour(
    name="xero",
    label="Xero",
    client_id=APP_ID,
    secret=APP_SECRET,
    issuer="",
    discovery=".well-known/openid-configuration",
    authorise="identity/connect/authorize",
    token="connect/token",
    keys=".well-known/openid-configuration/jwks",
    userinfo="connect/userinfo",
    sets="XERO",
    verified="",
    own_subject="xero_userid",
)
INTUIT = Flavour(
    name="intuit",
    label="Intuit",
    client_id=APP_ID,
    secret=APP_SECRET,
    issuer="op/v1",
    discovery="developer/.well-known/openid_configuration",
    authorise="connect/oauth2",
    token="oauth2/v1/tokens/bearer",
    keys="op/v1/jwks",
    userinfo="v1/openid_connect/userinfo",
    sets="QUICKBOOKS",
    id_token_tells_email=False,
    verified="emailVerified",
    takes_secret_in_form=False,
)
FLAVOURS = {flavour.name: flavour for flavour in (GOOGLE, XERO, INTUIT)}
