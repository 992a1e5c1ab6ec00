"""What every address asks of a request before anything else, in this order: form, token, scope, parameters."""

from fastapi import Depends, Request
from fastapi.params import Depends as Dependency

from tieout.api import auth
from tieout.api.envelope import VERSION
from tieout.api.errors import Declined, Mistake, refused_whole
from tieout.api.routes import Route
from tieout.api.strict import known_ids, only_known

_SPOKEN = {"*/*", "application/*", "application/json", "application/problem+json"}


def asked_of(route: Route) -> list[Dependency]:
    def remember(request: Request) -> None:
        request.state.missing = route.missing

    asked = [Depends(remember), Depends(well_formed), Depends(auth.no_token_in_address)]
    if route.scope is not None:
        asked.append(Depends(auth.Needs(route.scope)))
    return [*asked, Depends(only_known), Depends(known_ids)]


def well_formed(request: Request) -> None:
    """Raises Declined for a method in disguise, another version, and a caller that accepts no JSON."""
    headers = request.headers
    if any(name in headers for name in ("x-http-method-override", "x-http-method", "x-method-override")):
        raise Declined("method_not_allowed", "Methods are not overridden here.", headers={"Allow": request.method})
    if headers.get("tieout-version", VERSION) != VERSION:
        raise refused_whole([Mistake("Tieout-Version", "not_allowed", f"This release speaks version {VERSION}.")])
    accepted = [each.partition(";")[0].strip().lower() for each in headers.get("accept", "*/*").split(",")]
    if not _SPOKEN & set(accepted):
        raise Declined("not_acceptable")
