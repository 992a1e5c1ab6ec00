"""The codes of the API's errors: stable names that programs may rely on, each with its status and when it comes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """`retry` says when the same request makes sense again; `after_seconds` is its usual Retry-After."""

    status: int
    title: str
    when: str
    retry: str = "after_fix"
    after_seconds: int | None = None


CODES: dict[str, Code] = {
    "malformed_json": Code(
        400,
        "The body is no proper JSON",
        "Not JSON in UTF-8, something after its end, a name twice in one object, or nested deeper than 32.",
    ),
    "malformed_request": Code(
        400, "The request is not well formed", "The body ended early, or its length is told in two ways."
    ),
    "token_in_query": Code(
        400,
        "Tokens never belong in an address",
        "Addresses are kept in logs. Revoke this token, and send the next one as Authorization: Bearer.",
    ),
    "organization_required": Code(
        400, "Which organisation?", "The token covers several: name one with the header Tieout-Organization."
    ),
    "cursor_invalid": Code(
        400,
        "This cursor cannot be used",
        "It is older than 24 hours, or was made for another list, filter or organisation. Begin at the first page.",
    ),
    "idempotency_key_invalid": Code(
        400, "This idempotency key cannot be used", "A key has 1 to 128 visible ASCII characters."
    ),
    "unauthenticated": Code(401, "No token", "Send one as Authorization: Bearer. Sessions of the pages do not count."),
    "invalid_token": Code(401, "This token is not valid", "It is unknown, expired or revoked, or its person has left."),
    "signature_invalid": Code(
        401, "This notice is not believed", "Its signature is missing or wrong, or it is about nothing we know."
    ),
    "insufficient_scope": Code(
        403, "The token may not do this", "It covers the organisation, but lacks the scope, or its person the role."
    ),
    "not_found": Code(
        404, "There is nothing here", "The address leads nowhere. Paths are lower case, without a last /."
    ),
    "provider_not_found": Code(404, "No such provider", "The provider is not one that can be connected."),
    "organization_not_found": Code(
        404, "No such organisation", "Check the id and the organisations your token covers."
    ),
    "record_not_found": Code(404, "No such record", "It does not exist, or the token does not cover it."),
    "operation_not_found": Code(404, "No such operation", "It does not exist, or the token does not cover it."),
    "issue_not_found": Code(404, "No such issue", "It does not exist, or the token does not cover it."),
    "problem_not_found": Code(404, "No such problem", "The catalogue has no problem of this code."),
    "method_not_allowed": Code(405, "This cannot be done here", "The header Allow names what can."),
    "not_acceptable": Code(406, "Only JSON is spoken here", "The header Accept leaves no room for application/json."),
    "connection_not_usable": Code(
        409, "The books cannot be written to", "No books are connected, or a person is needed.", "after_reauth"
    ),
    "request_in_progress": Code(
        409, "The first request is not answered yet", "The same idempotency key is in work.", "auto_later", 1
    ),
    "state_conflict": Code(409, "Not in this state", "The record is not in a state for this.", "decision"),
    "version_mismatch": Code(
        412, "It has changed since you read it", "If-Match is old. ETag names the present version; read it again."
    ),
    "body_too_large": Code(
        413, "The body is too large", "A body has at most 1 MB, a statement the limit of its upload."
    ),
    "unsupported_media_type": Code(
        415, "This kind of body is not taken", "Send JSON as application/json, and no Content-Encoding."
    ),
    "validation_failed": Code(422, "The request has mistakes", "Each stands in fields. Nothing was started."),
    "idempotency_key_reused": Code(
        422, "This key belongs to another request", "The same idempotency key came with another method, path or body."
    ),
    "version_required": Code(428, "Say which version you saw", "Send If-Match with the ETag of what you read."),
    "too_many_requests": Code(429, "Too many requests", "A token may make 600 requests a minute.", "auto_later", 60),
    "internal_error": Code(
        500,
        "Something went wrong on our side",
        "It is logged under the request_id. It is safe to repeat with the same idempotency key.",
        "auto_now",
    ),
    "unavailable": Code(
        503, "Not just now", "Starting, stopping, or the storage is full or read-only.", "auto_later", 5
    ),
}

# Of single fields, inside validation_failed.
FIELD_CODES = {
    "unknown_field": "There is no field of this name.",
    "required": "It is missing.",
    "wrong_type": "It is of another type: amounts, for instance, are texts and never numbers.",
    "not_allowed": "The value is outside of what is allowed.",
    "empty": "It needs at least one character or entry.",
    "too_many": "A list has too many entries.",
    "too_long": "A text is too long.",
}
