"""How Amazon says no, and what may be done next: an expired token and a missing right differ by their words alone."""

import json

from tieout.calls import Answer
from tieout.channels._asked import REFUSED, TOKEN_EXPIRED
from tieout.core.failure import Busy, Disconnected, NotAllowed, Rejected, RemoteError, Unreachable

_TOKEN_WORDS = ("access token", "security token")
_LONGEST = 500


def of_api(answer: Answer, wait_milliseconds: int = 0) -> RemoteError:
    """`wait_milliseconds`: how long until the next call of this kind is let in."""
    code, words = _told(answer)
    status, id = answer.status, answer.headers.get("x-amzn-requestid", "")
    if status == 429 or code == "QuotaExceeded":
        seconds = -(-wait_milliseconds // 1000) or 60
        return Busy(words, code="rate-limit-minute", status=status, correlation_id=id, retry_after_seconds=seconds)
    if status in (401, 403):
        is_token = any(each in words.lower() for each in _TOKEN_WORDS)
        return Disconnected(words, code=TOKEN_EXPIRED if is_token else REFUSED, status=status, correlation_id=id)
    if status in (400, 404, 413, 415):
        return Rejected(words, code=code, status=status, correlation_id=id)
    return Unreachable(words, code="provider-outage" if status >= 500 else code, status=status, correlation_id=id)


def of_token(answer: Answer) -> RemoteError:
    """Login with Amazon: a dead refresh token, a wrong app, or no answer."""
    code, words = _told(answer)
    if code in ("invalid_grant", "unauthorized_client"):
        return Disconnected(words, code=REFUSED, status=answer.status)
    if code == "invalid_client":
        return NotAllowed(f"Amazon does not know this installation's app: {words}", code=code, status=answer.status)
    if answer.status == 429:
        return Busy(words, code="rate-limit-minute", status=429, retry_after_seconds=60)
    if 400 <= answer.status < 500:
        return Rejected(words, code=code, status=answer.status)
    return Unreachable(words, code="provider-outage", status=answer.status)


def of_file(answer: Answer) -> RemoteError:
    """The store behind a document's address, which speaks XML; an address that ended too early is asked for anew."""
    words = f"the document could not be fetched: HTTP {answer.status} {answer.body[:200].decode('utf-8', 'replace')}"
    if answer.status == 404:
        return Rejected(words, code="not-found", status=404)
    return Unreachable(words, status=answer.status)


def _told(answer: Answer) -> tuple[str, str]:
    """Their code and their words, whichever of the two dialects they come in."""
    try:
        found = json.loads(answer.body)
        first = (found.get("errors") or [found])[0]
        code = str(first.get("code") or first.get("error") or "")
        parts = [first.get("message") or first.get("error_description"), first.get("details")]
        words = " ".join(str(part) for part in parts if part)
    except (ValueError, AttributeError, TypeError, IndexError):
        code, words = "", answer.body[:_LONGEST].decode("utf-8", "replace").strip()
    return code, (words or f"HTTP {answer.status}")[:_LONGEST]
