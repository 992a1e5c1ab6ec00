"""The first sign-up used another login (an outside identity or a password) than the present one.

Seen as: after signing in the account looks empty: no channels, settlements or settings.
Tieout does: makes no empty account; the sign-in page says which kinds of login exist for this address, and the new one
is linked once either of them was used too. An address that the provider has not proven is never compared.
"""

from tieout.core.problem import Case, Evidence, Fix, Owner, RetryClass, link, step

TITLE = "{person} signed in by {provider}, which is not the login of their account."
OWNER, RETRY = Owner.USER, RetryClass.AFTER_FIX
FAULTS = ("own-identity:",)


def detect(case: Case) -> Evidence | None:
    facts = case.sign_in
    if facts is None:
        return None
    ways = " and ".join(facts.kinds) or "a link by mail"
    known = "the login that connected the books of" if facts.is_by_books else "the address of"
    lines = (
        f"{facts.provider} vouched for {facts.address}, {known} an account that signs in with {ways}.",
        f"It can be linked until {case.moment(facts.ends_at)}; nothing was made or changed by it.",
    )
    return Evidence(f"person:{facts.person}", lines, (("person", facts.name), ("provider", facts.provider)))


def fixes(case: Case) -> tuple[Fix, ...]:
    ways = " or ".join(case.sign_in.kinds) if case.sign_in else ""
    return (
        step(f"Sign in with {ways or 'the login of the account'}."),
        link("Link this identity", "link-identity", "/account/identities"),
    )
