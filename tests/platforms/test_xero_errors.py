"""Xero's ways of saying no, recorded and documented, each read as what we may do next."""

import pytest

from tests.platforms.making import APP
from tieout.calls import Answer, Request
from tieout.core.failure import (
    Busy,
    Disconnected,
    FailureKind,
    NotAllowed,
    OutcomeUnknown,
    Rejected,
    RemoteError,
    Stale,
    Unreachable,
)
from tieout.platforms import ACCESS_EXPIRED, KEY_REUSED, NUMBER_TAKEN, ROLE_TOO_SMALL, SCOPE_MISSING, TENANT_REFUSED
from tieout.platforms.xero.errors import (
    LONGEST_WAIT_SECONDS,
    alters,
    hear,
    limits_of,
    read_error,
    read_grant_error,
    refusal,
)

WRITE = Request("PUT", f"{APP.urls['api']}/api.xro/2.0/Invoices")
READ = Request("GET", f"{APP.urls['api']}/api.xro/2.0/Invoices", is_write=False)


def problem(status: int, title: str, detail: str) -> bytes:
    return (
        f'{{"Type":null,"Title":"{title}","Status":{status},"Detail":"{detail}","Instance":"i","Extensions":{{}}}}'
    ).encode()


def validation(*messages: str) -> bytes:
    errors = ",".join(f'{{"Message":"{message}"}}' for message in messages)
    return (
        '{"ErrorNumber":10,"Type":"ValidationException","Message":"A validation exception occurred",'
        f'"Elements":[{{"InvoiceID":"00000000-0000-0000-0000-000000000000","ValidationErrors":[{errors}]}}]}}'
    ).encode()


XML = (
    b"<ApiException><ErrorNumber>10</ErrorNumber><Type>ValidationException</Type>"
    b"<Message>A validation exception occurred</Message>"
    b'<Elements><DataContractBase xsi:type="Invoice"><ValidationErrors><ValidationError>'
    b"<Message>Invoice # must be unique.</Message>"
    b"</ValidationError></ValidationErrors></DataContractBase></Elements></ApiException>"
)
MISSPELT = {"www-authenticate": 'OAuth Realm="x", error="insufficent_scope"'}
GONE = b"The Organisation is offline"

DIALECTS: list[tuple[str, int, dict[str, str], bytes, type[RemoteError], str]] = [
    (
        "expired",
        401,
        {},
        problem(401, "Unauthorized", "TokenExpired: token expired at 01/23/2020"),
        Disconnected,
        ACCESS_EXPIRED,
    ),
    ("garbled", 401, {}, problem(401, "Unauthorized", "AuthenticationUnsuccessful"), Disconnected, ACCESS_EXPIRED),
    ("scope", 401, {}, problem(401, "Unauthorized", "AuthorizationUnsuccessful"), NotAllowed, SCOPE_MISSING),
    ("scope by header", 401, MISSPELT, b"", NotAllowed, SCOPE_MISSING),
    (
        "old lower-case keys",
        401,
        {},
        b'{"title":"Unauthorized","detail":"AuthorizationUnsuccessful"}',
        NotAllowed,
        SCOPE_MISSING,
    ),
    ("401 in HTML", 401, {}, b"<html><body>Sign in</body></html>", Disconnected, ACCESS_EXPIRED),
    ("tenant", 403, {}, problem(403, "Forbidden", "AuthenticationUnsuccessful"), Disconnected, TENANT_REFUSED),
    ("role", 403, {}, b"You are not permitted to access this resource", NotAllowed, ROLE_TOO_SMALL),
    ("role, long", 403, {}, b"... without the reporting role or higher privileges", NotAllowed, ROLE_TOO_SMALL),
    ("404 page", 404, {"content-type": "text/html"}, b"", Rejected, "not-found"),
    ("415", 415, {}, b"Unsupported Media Type", Rejected, "provider-error-unrecognised"),
    ("412", 412, {}, b"", Stale, "stale-write-refused"),
    (
        "501",
        501,
        {},
        b"<ApiException><ErrorNumber>20</ErrorNumber><Type>ApiMethodNotImplementedException</Type>"
        b"<Message>The Api Method called is not implemented</Message></ApiException>",
        Rejected,
        "provider-fault-confirmed",
    ),
    (
        "500",
        500,
        {},
        problem(500, "An error occurred", "An error occurred in Xero."),
        OutcomeUnknown,
        "provider-outage",
    ),
    ("one organisation offline", 503, {}, GONE, OutcomeUnknown, "provider-outage"),
    ("maintenance", 503, {}, b"The Xero API is currently offline for maintenance", OutcomeUnknown, "provider-outage"),
    (
        "proxy page",
        502,
        {},
        b"<html><head><title>502</title><style>p{}</style></head></html>",
        OutcomeUnknown,
        "provider-outage",
    ),
    ("a redirect", 302, {"location": "https://elsewhere"}, b"", OutcomeUnknown, "provider-error-unrecognised"),
    ("400 in XML", 400, {}, XML, Rejected, NUMBER_TAKEN),
    ("400 in HTML", 400, {}, b"<html>Bad Request</html>", OutcomeUnknown, "provider-error-unrecognised"),
    ("400 empty", 400, {}, b"", OutcomeUnknown, "provider-error-unrecognised"),
    (
        "400 cut short",
        400,
        {},
        validation("Invoice # must be unique.")[:80],
        OutcomeUnknown,
        "provider-error-unrecognised",
    ),
    (
        "bad enum",
        400,
        {},
        b'{"ErrorNumber":14,"Type":"PostDataInvalidException","Message":"Error converting value"}',
        Rejected,
        "provider-error-unrecognised",
    ),
    (
        "internal fault in an envelope",
        400,
        {},
        validation("An error occurred in Xero. Check the API Status page"),
        OutcomeUnknown,
        "provider-outage",
    ),
    (
        "key conflict on top",
        400,
        {},
        b'{"Type":"ValidationException","Message":"Idempotency Key: k is used with a different request."}',
        Rejected,
        KEY_REUSED,
    ),
    (
        "key conflict in an element",
        400,
        {},
        validation("Idempotency Key: k is used with a different request."),
        Rejected,
        KEY_REUSED,
    ),
]


@pytest.mark.parametrize(
    ("status", "headers", "body", "error", "code"), [row[1:] for row in DIALECTS], ids=[row[0] for row in DIALECTS]
)
def test_each_dialect_is_read(
    status: int, headers: dict[str, str], body: bytes, error: type[RemoteError], code: str
) -> None:
    found = read_error(WRITE, Answer(status, {**headers, "xero-correlation-id": "c-1"}, body))
    assert (type(found), found.failure.code, found.failure.status) == (error, code, status)
    assert found.failure.correlation_id == "c-1" and found.failure.words


@pytest.mark.parametrize("row", [row for row in DIALECTS if row[4] is OutcomeUnknown], ids=lambda row: row[0])
def test_what_leaves_a_write_unknown_says_of_a_read_only_that_it_failed(
    row: tuple[str, int, dict[str, str], bytes, type[RemoteError], str],
) -> None:
    found = read_error(READ, Answer(row[1], row[2], row[3]))
    assert type(found) is (Busy if row[3] == GONE else Unreachable)


SENTENCES = [
    ("Account code '999' is not a valid code for this document.", "account-code-invalid"),
    (
        "Account code '200' has been archived, or has been deleted. Each line item must reference a valid account.",
        "mapped-account-removed",
    ),
    ("Account code or ID must be specified.", "account-code-invalid"),
    ("Account code must be specified", "account-code-invalid"),
    ("The TaxType code 'OUTPUT2' cannot be used with account code '310'.", "tax-type-not-allowed"),
    ("The TaxType code XX does not exist or cannot be used for this type of transaction.", "tax-type-not-allowed"),
    ("The TaxType field is mandatory", "tax-mapping-missing"),
    ("Invoice # must be unique.", NUMBER_TAKEN),
    ("Invoice not of valid status for modification", NUMBER_TAKEN),
    ("Organisation is not subscribed to currency JPY", "currency-not-enabled"),
    ("The current organisation is not subscribed to currency 'JPY'.", "currency-not-enabled"),
    ("The document date cannot be before the end of year lock date, currently set at 31-Jul-2013", "period-locked"),
    ("The document date cannot be before the period lock date", "period-locked"),
    ("The document cannot be edited as it is currently dated before the end of year lock date", "period-locked"),
    (
        "The contact name X is already assigned to another contact. The contact name must be unique.",
        "contact-duplicate-blocks",
    ),
    (
        "The contact with the specified contact details has been archived. The contact must be un-archived before "
        "creating new invoices or credit notes.",
        "contact-archived",
    ),
    ("The specified contact details matched an archived contact.", "contact-archived"),
    ("You have reached the limit of invoices you can approve", "books-plan-limit"),
    ("The line total 1.00 does not match the expected line total 100.00", "document-unbalanced"),
    ("The flux is out of alignment", "provider-error-unrecognised"),
]


@pytest.mark.parametrize(("sentence", "code"), SENTENCES)
def test_each_sentence_of_validation_has_its_problem(sentence: str, code: str) -> None:
    assert refusal((sentence,)).code == code
    found = read_error(WRITE, Answer(400, {}, validation(sentence.replace('"', "'"))))
    assert found.failure.code == code and found.failure.words[0] == sentence


def test_all_sentences_are_kept_and_the_weightiest_gives_the_code() -> None:
    words = ("Something new", "The TaxType field is mandatory", "Invoice # must be unique.")
    failure = refusal(words, 200, "c-1")
    assert (failure.kind, failure.code, failure.words) == (FailureKind.REJECTED, NUMBER_TAKEN, words)


def test_a_fault_of_theirs_among_the_sentences_leaves_the_outcome_unknown() -> None:
    failure = refusal(("Invoice # must be unique.", "An error occurred in Xero. Check the API Status page"))
    assert failure.kind is FailureKind.OUTCOME_UNKNOWN


def test_a_warning_that_an_account_was_taken_off_is_no_success() -> None:
    assert alters(("Account code '999' has been removed as it does not match a recognised account.",))
    assert not alters(("The CurrencyRate differs from the rate of the day",))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 60),
        ({"retry-after": "26"}, 26),
        ({"retry-after": "66975"}, 66975),
        ({"retry-after": "86400"}, 86400),
        ({"retry-after": "999999999"}, LONGEST_WAIT_SECONDS),
        ({"retry-after": "-5"}, 1),
        ({"retry-after": "0"}, 1),
        ({"retry-after": "soon"}, 60),
        ({"retry-after": "Mon, 02 Nov 2026 09:02:00 GMT", "date": "Mon, 02 Nov 2026 09:00:00 GMT"}, 120),
        ({"retry-after": "Mon, 02 Nov 2026 08:00:00 GMT", "date": "Mon, 02 Nov 2026 09:00:00 GMT"}, 1),
        ({"retry-after": "Mon, 02 Nov 2026 09:02:00 GMT"}, 60),
    ],
)
def test_a_limit_says_when_to_come_back(headers: dict[str, str], seconds: int) -> None:
    named = {**headers, "x-rate-limit-problem": "minute", "x-daylimit-remaining": "344", "x-minlimit-remaining": "0"}
    answer = Answer(429, named, b"")
    found = read_error(WRITE, answer)
    assert type(found) is Busy and found.failure.retry_after_seconds == seconds
    limits = limits_of(answer)
    assert (limits.day_left, limits.minute_left, limits.wait_seconds) == (344, 0, seconds)


@pytest.mark.parametrize(
    ("problem_named", "code"),
    [
        ("minute", "rate-limit-minute"),
        ("day", "rate-limit-day"),
        ("appminute", "rate-limit-minute"),
        ("app-minute", "rate-limit-minute"),
        ("lunar", "rate-limit-minute"),
        ("", "rate-limit-minute"),
    ],
)
def test_a_limit_nobody_knows_is_taken_for_one_that_passes(problem_named: str, code: str) -> None:
    found = read_error(READ, Answer(429, {"x-rate-limit-problem": problem_named}, b""))
    assert found.failure.code == code and found.failure.words


def test_an_answer_without_limits_says_nothing_of_them() -> None:
    limits = limits_of(Answer(200, {"x-daylimit-remaining": "many"}))
    assert (limits.day_left, limits.minute_left, limits.wait_seconds) == (None, None, None)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b'{"error":"invalid_grant"}', Disconnected),
        (400, b'{"error":"invalid_client"}', NotAllowed),
        (401, b'{"error":"invalid_client","error_description":"wrong secret"}', NotAllowed),
        (400, b'{"error":"unauthorized_client"}', NotAllowed),
        (400, b'{"error":"invalid_scope"}', NotAllowed),
        (400, b'{"error":"unsupported_grant_type"}', Rejected),
        (400, b'{"error":"lunar"}', OutcomeUnknown),
        (400, b"<html>", OutcomeUnknown),
        (403, b"", OutcomeUnknown),
        (404, b"", OutcomeUnknown),
        (429, b"", Busy),
        (500, b"", OutcomeUnknown),
        (503, b"down", OutcomeUnknown),
    ],
)
def test_only_a_clear_word_of_the_token_endpoint_ends_a_grant(
    status: int, body: bytes, error: type[RemoteError]
) -> None:
    assert type(read_grant_error(WRITE, Answer(status, {}, body))) is error


def test_no_body_whatsoever_breaks_the_reader() -> None:
    for body in (
        b"",
        b"\x00\xff",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"5",
        b'{"Elements":5}',
        b'{"ValidationErrors":[5]}',
        b"[" * 5000,
    ):
        said = hear(Answer(400, {}, body))
        assert isinstance(said.words, tuple)
        for status in (200, 400, 401, 403, 404, 429, 500, 503, 599):
            read_error(WRITE, Answer(status, {}, body))
            read_grant_error(WRITE, Answer(status, {}, body))


def test_endless_words_are_cut() -> None:
    found = read_error(WRITE, Answer(500, {}, b"x" * 5_000_000))
    assert len(found.failure.words[0]) <= 1000
