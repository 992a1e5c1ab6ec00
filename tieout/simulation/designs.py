"""The six designs of the ladder: the product's own rules (D5), and what is left when they are taken away one by one."""

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from tieout.core.posting import FULL

# The minute between record and socket belongs to R1, so only the full design has it.
_UNHURRIED = replace(FULL.timing, record_to_socket=timedelta(days=1))
_AT_ONCE = replace(_UNHURRIED, not_found_wait=timedelta(0))

_D4 = replace(FULL, one_live_write=False, looks_first=False, timing=_UNHURRIED)
_D3 = replace(_D4, token_fence=False)
_D2 = replace(_D3, timing=_AT_ONCE)
_D1 = replace(_D2, looks=False)
_D0 = replace(_D1, keeps_key=False)

DESIGNS = MappingProxyType({"D0": _D0, "D1": _D1, "D2": _D2, "D3": _D3, "D4": _D4, "D5": FULL})

MEANING = MappingProxyType(
    {
        "D0": "retry with a fresh key",
        "D1": "retry with the same key",
        "D2": "D1, and look before sending anew",
        "D3": "D2, and “not found” counts only after ten minutes",
        "D4": "D3, and the token as a fence, a lost lease as unknown",
        "D5": "D4, and at most one write that may still land: the product",
    }
)
