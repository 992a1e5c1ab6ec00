"""QuickBooks' ways of saying no: the published catalogue line by line, both shapes, and whatever else may come back."""

import json
from typing import Any

import pytest

from tests.platforms.quickbooks.making import APP, fault, told
from tieout.calls import Answer, Request
from tieout.core.failure import (
    Busy,
    Disconnected,
    NotAllowed,
    OutcomeUnknown,
    Rejected,
    RemoteError,
    Stale,
    Unreachable,
)
from tieout.platforms import ACCESS_EXPIRED, CONTACT_ARCHIVED, NOT_FOUND, NUMBER_TAKEN, ROLE_TOO_SMALL, TENANT_REFUSED
from tieout.platforms.quickbooks.errors import (
    LONGEST_WAIT_SECONDS,
    UNRECOGNISED,
    fault_in,
    hear,
    limits_of,
    read_error,
    read_grant_error,
    refusal,
)

WRITE = Request("POST", f"{APP.urls['api']}/v3/company/1/batch")
READ = Request("GET", f"{APP.urls['api']}/v3/company/1/query", is_write=False)

# Code, status, words, error, our code: quickbooks.md 11.2 from top to bottom, then 11.3.
CATALOGUE: list[tuple[int, int, str, type[RemoteError], str]] = [
    (3200, 401, "message=AuthenticationFailed", Disconnected, ACCESS_EXPIRED),
    (3100, 403, "message=ApplicationAuthorizationFailed", Disconnected, TENANT_REFUSED),
    (3202, 401, "message=EmptyField oauth_token", Disconnected, ACCESS_EXPIRED),
    (3001, 429, "message=ThrottleExceeded", Busy, "rate-limit-minute"),
    (100, 401, "General Authentication Error", Disconnected, ACCESS_EXPIRED),
    (110, 401, "OAuth Authentication Error", Disconnected, ACCESS_EXPIRED),
    (120, 401, "Authorization Failure: You do not have access", NotAllowed, "user-rights-changed"),
    (130, 400, "Accessing Wrong Cluster", Busy, "transient-network-error"),
    (140, 400, "Company Locked Out", Busy, "provider-outage"),
    (150, 400, "Company Under Maintenance", Busy, "provider-outage"),
    (500, 400, "Unsupported Operation", Rejected, UNRECOGNISED),
    (600, 400, "Duplicate Request ID", OutcomeUnknown, "send-outcome-unknown"),
    (610, 400, "Something you're trying to use has been made inactive", Rejected, "mapped-account-removed"),
    (610, 400, "Another user has deleted this transaction", Rejected, "document-gone-in-books"),
    (610, 400, "ItemRef has been made inactive", Rejected, "item-archived"),
    (610, 400, "CustomerRef has been made inactive", Rejected, CONTACT_ARCHIVED),
    (620, 400, "Txn ID Cannot Be Linked", Rejected, UNRECOGNISED),
    (630, 400, "Duplicate Object", Rejected, NUMBER_TAKEN),
    (700, 400, "Parent reference invalid", Rejected, UNRECOGNISED),
    (900, 400, "Parent cannot be child", Rejected, UNRECOGNISED),
    (800, 400, "Cannot delete object", Rejected, "document-has-payment"),
    (1000, 400, "Operation failed", OutcomeUnknown, UNRECOGNISED),
    (1010, 400, "Create failed", OutcomeUnknown, UNRECOGNISED),
    (1020, 400, "Update failed", OutcomeUnknown, UNRECOGNISED),
    (1040, 400, "Batch size exceeds limit", Rejected, UNRECOGNISED),
    (2010, 400, "Request has invalid or unsupported property", Rejected, UNRECOGNISED),
    (2020, 400, "AccountRef is missing", Rejected, "mapping-incomplete"),
    (2030, 400, "Invalid ID", Rejected, "link-id-corrupt"),
    (2040, 400, "Invalid String", Rejected, "contact-fields-missing"),
    (2050, 400, "Invalid String Length: Min 0, Max 21, Supplied 25", Rejected, "field-too-long"),
    (2060, 400, "Invalid Date Format", Rejected, UNRECOGNISED),
    (2080, 400, "Invalid Number", Rejected, UNRECOGNISED),
    (2120, 400, "Invalid Type", Rejected, UNRECOGNISED),
    (2130, 400, "Invalid Request Id Format", Rejected, UNRECOGNISED),
    (2200, 400, "Invalid Website", Rejected, "contact-fields-missing"),
    (2210, 400, "Invalid E-mail", Rejected, "contact-fields-missing"),
    (2220, 400, "Invalid Currency Type", Rejected, "currency-not-enabled"),
    (2250, 400, "Missing lines", Rejected, "document-unbalanced"),
    (2260, 400, "Missing PostingType", Rejected, "document-unbalanced"),
    (2290, 400, "Negative amount", Rejected, "document-unbalanced"),
    (2300, 400, "Debits do not equal credits", Rejected, "document-unbalanced"),
    (2270, 400, "TaxApplicableOn is required", Rejected, UNRECOGNISED),
    (2410, 400, "Curreny, ExchangeRate is missing", Rejected, UNRECOGNISED),
    (2500, 400, "Invalid Reference Id", Rejected, "mapped-account-removed"),
    (2500, 400, "Invalid Reference Id (TaxCodeRef)", Rejected, "tax-type-not-allowed"),
    (4000, 400, "Query cannot be parsed", Rejected, UNRECOGNISED),
    (5010, 400, "Stale Object Error", Stale, "stale-write-refused"),
    (5020, 403, "Permission Denied Error", NotAllowed, ROLE_TOO_SMALL),
    (5020, 400, "Permission Denied Error", NotAllowed, ROLE_TOO_SMALL),
    (5030, 400, "Feature Not Supported Error", NotAllowed, "books-edition-unsupported"),
    (6070, 400, "Amount is not equal to UnitPrice * Qty", Rejected, UNRECOGNISED),
    (6100, 400, "Invalid TaxCodeRef: For US, specify TAX or NON", Rejected, "tax-type-not-allowed"),
    (6160, 400, "Invalid line tax code", Rejected, "tax-type-not-allowed"),
    (6230, 400, "Invalid line tax code", Rejected, "tax-type-not-allowed"),
    (6140, 400, "DocNumber=18696 is assigned to TxnType=Invoice with TxnId=6575", Rejected, NUMBER_TAKEN),
    (6150, 400, "ParentRef required", Rejected, UNRECOGNISED),
    (6170, 400, "TxnTaxDetail not allowed", Rejected, UNRECOGNISED),
    (6190, 400, "Invalid Company Status: Subscription period has ended", NotAllowed, "books-subscription-lapsed"),
    (6200, 400, "Account Period Closed", Rejected, "period-locked"),
    (6210, 400, "cannot be updated through the QBO Services API", Rejected, "period-locked"),
    (6210, 400, "Duplicate Document Number Error", Rejected, NUMBER_TAKEN),
    (6220, 400, "Delete: entity has balance", Rejected, UNRECOGNISED),
    (6240, 400, "Duplicate Name Exists Error", Rejected, "contact-duplicate-blocks"),
    (6250, 400, "Invalid sales customer", Rejected, CONTACT_ARCHIVED),
    (6270, 400, "before the item's start date", Rejected, UNRECOGNISED),
    (6310, 400, "Customer required if billable", Rejected, UNRECOGNISED),
    (6430, 400, "Invalid account type used", Rejected, "account-code-invalid"),
    (6440, 400, "Must select product/service or account", Rejected, "mapping-incomplete"),
    (6450, 400, "Attempt to void failed", Rejected, "document-has-payment"),
    (6470, 400, "Tax selected not allowed", Rejected, "tax-type-not-allowed"),
    (6480, 400, "Matched transaction delete error", Rejected, "payment-already-reconciled"),
    (6520, 400, "Inventory item needs quantity", Rejected, UNRECOGNISED),
    (6540, 400, "Deposited transaction cannot be changed", Rejected, "rollback-blocked"),
    (10000, 500, "An application error has occurred", OutcomeUnknown, "provider-fault-confirmed"),
    (10000, 400, "An application error has occurred", OutcomeUnknown, "provider-fault-confirmed"),
    (10100, 400, "Result set too big", Rejected, UNRECOGNISED),
    (10200, 400, "Company was reset", Disconnected, "demo-company-reset"),
    (6000, 400, "When you use Accounts Receivable, you must choose a customer", Rejected, UNRECOGNISED),
    (6000, 400, "You must set a transaction amount.", Rejected, UNRECOGNISED),
    (6000, 400, "You can only use one foreign currency per transaction.", Rejected, "currency-mixed-document"),
    (6000, 400, "transactions have a GST/HST rate before you save.", Rejected, "tax-mapping-missing"),
    (6000, 400, "Fill out at least two detail lines to continue.", Rejected, UNRECOGNISED),
    (6000, 400, "you need to activate this item before updating the quantity", Rejected, "item-archived"),
    (6000, 400, "You can only add or edit one name at a time. Please try again.", Busy, UNRECOGNISED),
    (6000, 400, "The Document Number field can contain at most 21 characters.", Rejected, "field-too-long"),
    (6000, 400, "Total debits must equal total credits", Rejected, "document-unbalanced"),
    (9999, 400, "The flux is out of alignment", Rejected, UNRECOGNISED),
]


@pytest.mark.parametrize(
    ("number", "status", "words", "error", "code"), CATALOGUE, ids=lambda each: each if isinstance(each, int) else ""
)
def test_each_line_of_the_catalogue(number: int, status: int, words: str, error: type[RemoteError], code: str) -> None:
    found = read_error(WRITE, told(fault(str(number), "Refused", words), status))
    assert (type(found), found.failure.code, found.failure.status) == (error, code, status)
    assert words in found.failure.sentence and f"code {number}" in found.failure.sentence
    assert found.failure.correlation_id == "1-abc"


@pytest.mark.parametrize("code", ["3200", "003200", 3200, "", None])
def test_the_gateways_small_letters_are_read_like_the_other_shape(code: Any) -> None:
    message = "message=AuthenticationFailed; errorCode=003200; statusCode=401"
    error = {"message": message, "detail": "Token expired: AB0123456789secret", "code": code, "element": None}
    body = {"warnings": None, "intuitObject": None, "fault": {"error": [error], "type": "AUTHENTICATION"}, "time": 17}
    found = read_error(WRITE, told(body, 401))
    assert type(found) is Disconnected and found.failure.code == ACCESS_EXPIRED
    assert "secret" not in found.failure.sentence and "AuthenticationFailed" in found.failure.sentence


@pytest.mark.parametrize("keys", [("FAULT", "ERROR", "MESSAGE", "CODE"), ("Fault", "error", "message", "Code")])
def test_keys_count_in_any_case(keys: tuple[str, str, str, str]) -> None:
    body = {keys[0]: {keys[1]: [{keys[2]: "Stale Object Error", keys[3]: 5010}]}}
    assert type(read_error(WRITE, told(body, 400))) is Stale


def test_all_errors_of_a_fault_are_kept_and_the_weightiest_decides() -> None:
    several = [
        fault(code, words)["Fault"]["Error"][0] for code, words in ((9999, "new"), (6430, "type"), (6140, "dup"))
    ]
    found = read_error(WRITE, told({"Fault": {"Error": several, "type": "ValidationFault"}}, 400))
    assert found.failure.code == NUMBER_TAKEN and len(found.failure.words) == 3
    several.append(fault(10000, "theirs")["Fault"]["Error"][0])
    assert type(read_error(WRITE, told({"Fault": {"Error": several}}, 400))) is OutcomeUnknown


def test_a_fault_inside_a_200_is_a_fault() -> None:
    found = read_error(WRITE, told(fault(6210, "closed"), 200))
    assert type(found) is Rejected and found.failure.code == "period-locked"


def test_a_fault_of_their_system_that_nobody_knows_leaves_the_outcome_open() -> None:
    assert type(read_error(WRITE, told(fault(9999, "oops", kind="SystemFault"), 400))) is OutcomeUnknown


XML = (
    b'<IntuitResponse time="2026"><Fault type="AUTHENTICATION"><Error code="3200">'
    b"<Message>message=AuthenticationFailed</Message></Error></Fault></IntuitResponse>"
)
DIALECTS: list[tuple[str, int, bytes, type[RemoteError], str]] = [
    (
        "a proxy's page",
        502,
        b"<html><head><style>p{}</style></head><body>Bad Gateway</body></html>",
        OutcomeUnknown,
        "provider-outage",
    ),
    ("maintenance", 503, b"<html>Down</html>", OutcomeUnknown, "provider-outage"),
    ("cut after 120 s", 504, b"", OutcomeUnknown, "provider-outage"),
    ("request timeout", 408, b"", OutcomeUnknown, "provider-outage"),
    ("a validation fault under 500", 500, json.dumps(fault(6430, "type")).encode(), OutcomeUnknown, "provider-outage"),
    ("429 without a body", 429, b"", Busy, "rate-limit-minute"),
    ("429 as HTML", 429, b"<html>slow down</html>", Busy, "rate-limit-minute"),
    ("401 without a body", 401, b"", Disconnected, ACCESS_EXPIRED),
    ("401 in XML", 401, XML, Disconnected, ACCESS_EXPIRED),
    ("403 as HTML", 403, b"<html>Forbidden</html>", NotAllowed, ROLE_TOO_SMALL),
    ("404", 404, b"", Rejected, NOT_FOUND),
    ("405", 405, b"", Rejected, UNRECOGNISED),
    ("400 as HTML", 400, b"<html>Bad Request</html>", OutcomeUnknown, UNRECOGNISED),
    ("400 without a body", 400, b"", OutcomeUnknown, UNRECOGNISED),
    ("400 cut short", 400, json.dumps(fault(6140, "dup")).encode()[:70], OutcomeUnknown, UNRECOGNISED),
    ("400 without a fault", 400, b'{"time":1}', OutcomeUnknown, UNRECOGNISED),
    ("400 with an empty fault", 400, b'{"Fault":{"Error":[]}}', OutcomeUnknown, UNRECOGNISED),
    ("a redirect", 302, b"", OutcomeUnknown, UNRECOGNISED),
]


@pytest.mark.parametrize(
    ("status", "body", "error", "code"), [row[1:] for row in DIALECTS], ids=[d[0] for d in DIALECTS]
)
def test_each_dialect_is_read(status: int, body: bytes, error: type[RemoteError], code: str) -> None:
    found = read_error(WRITE, told(body, status))
    assert (type(found), found.failure.code, found.failure.status) == (error, code, status)
    assert found.failure.words and found.failure.correlation_id == "1-abc"
    of_read = read_error(READ, told(body, status))
    assert type(of_read) is (Unreachable if error is OutcomeUnknown else error)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 60),
        ({"retry_after": "5"}, 60),
        ({"retry_after": "90"}, 90),
        ({"retry_after": "99999999"}, LONGEST_WAIT_SECONDS),
        ({"retry_after": "9" * 5000}, 60),
        ({"retry_after": "soon"}, 60),
        ({"retry_after": "²"}, 60),
    ],
)
def test_a_limit_waits_a_minute_at_least(headers: dict[str, str], seconds: int) -> None:
    answer = told(b"", 429, **headers)
    found = read_error(WRITE, answer)
    assert found.failure.retry_after_seconds == seconds == limits_of(answer).wait_seconds
    assert limits_of(answer).code == "rate-limit-minute"


def test_an_answer_that_is_no_refusal_says_nothing_of_limits() -> None:
    assert limits_of(told({}, 200)) == limits_of(told(b"", 503)) and limits_of(told({})).wait_seconds is None


def test_a_company_under_maintenance_is_asked_again_slowly() -> None:
    assert read_error(WRITE, told(fault(150, "maintenance"), 400)).failure.retry_after_seconds == 300
    found = fault_in(fault(150, "maintenance"))
    assert found is not None and refusal(found, told({})).retry_after_seconds == 300


def test_what_is_not_there_to_be_read_is_not_found_and_says_nothing_of_accounts() -> None:
    assert read_error(READ, told(fault(610, "Object Not Found"), 400)).failure.code == NOT_FOUND


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b'{"error":"invalid_grant","error_description":"Token invalid"}', Disconnected),
        (401, b'{"error":"invalid_client"}', NotAllowed),
        (400, b'{"error":"unauthorized_client"}', NotAllowed),
        (400, b'{"error":"invalid_scope"}', NotAllowed),
        (400, b'{"error":"unsupported_grant_type"}', Rejected),
        (400, b'{"error":"invalid_request"}', Rejected),
        (400, b'{"error":"lunar"}', OutcomeUnknown),
        (400, b"<html>", OutcomeUnknown),
        (401, b"", OutcomeUnknown),
        (403, b"", OutcomeUnknown),
        (404, b"", OutcomeUnknown),
        (429, b"", Busy),
        (500, b'{"error":"invalid_grant"}', OutcomeUnknown),
        (503, b"down", OutcomeUnknown),
    ],
)
def test_only_a_clear_word_of_the_token_endpoint_ends_a_grant(
    status: int, body: bytes, error: type[RemoteError]
) -> None:
    found = read_grant_error(WRITE, told(body, status))
    assert type(found) is error and found.failure.words


def test_no_body_whatsoever_breaks_the_reader() -> None:
    bodies = (
        *(b"", b"\x00\xff", b"{", b"[]", b"null", b'"x"', b"5", b'{"Fault":5}', b'{"Fault":{"Error":5}}'),
        *(b'{"Fault":{"Error":[5,null,[]]}}', b'{"Fault":{"Error":[{"code":"x","Message":[]}]}}', b"[" * 5000),
        *(b'{"Fault":[]}', b'{"fault":{"error":{"message":"one"}}}', b'{"Fault":{"Error":[{"code":"' + b"9" * 5000),
    )
    for body in bodies:
        assert isinstance(hear(Answer(400, {}, body)).words, tuple)
        for status in (200, 302, 400, 401, 403, 404, 429, 500, 503, 599):
            for request in (WRITE, READ):
                assert isinstance(read_error(request, Answer(status, {}, body)), RemoteError)
                assert isinstance(read_grant_error(request, Answer(status, {}, body)), RemoteError)


def test_endless_words_are_cut() -> None:
    assert len(read_error(WRITE, Answer(500, {}, b"x" * 5_000_000)).failure.words[0]) <= 1200
    assert len(read_error(WRITE, told(fault(9999, "y" * 5_000_000), 400)).failure.words[0]) <= 1200
