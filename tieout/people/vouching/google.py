"""Google as a provider of sign-in. Its tokens tell the e-mail address and whether Google has proven it.

Source: developers.google.com, OpenID Connect: issuer, discovery document, claims `sub`, `email`, `email_verified`.
"""

from tieout.core.openid import Provider

OPENID = Provider(
    name="google",
    label="Google",
    issuer="https://accounts.google.com",
    discovery="https://accounts.google.com/.well-known/openid-configuration",
    verified="email_verified",
)
