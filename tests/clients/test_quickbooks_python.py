"""The unmodified python-quickbooks and intuit-oauth against the stand-in, under Intuit's own names.

Where they fail, the stand-in is wrong. They live in an environment of their own, made on first use from
`quickbooks.lock`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import urllib3

from tests.clients.environment import Driven, Refused, driven
from tests.sandbox.quickbooks.calling import REDIRECT, Caller
from tieout.sandbox.proxy import proxied
from tieout.sandbox.quickbooks import HOSTS, books, of
from tieout.sandbox.quickbooks.hooks import signature
from tieout.sandbox.quickbooks.state import PACIFIC, Company
from tieout.sandbox.world import World

pytestmark = pytest.mark.slow


@dataclass
class Client:
    """The clients, signed in to the first company, and the world they take for Intuit's."""

    world: World
    driven: Driven
    browser: urllib3.ProxyManager
    realm: str = ""

    def do(self, verb: str, /, **told: Any) -> Any:
        return self.driven.do(verb, **told)

    @property
    def company(self) -> Company:
        found = of(self.world).books.company(self.realm)
        assert found is not None
        return found

    def sign_in(self) -> Any:
        """The code flow: the client's address, a person's browser, the client again."""
        app = {"client_id": "tieout-demo", "secret": "tieout-demo-secret", "redirect": REDIRECT}
        login = self.do("begin", **app, environment="sandbox")
        assert login.startswith("https://appcenter.intuit.com/connect/oauth2?")
        shown = self.browser.request("GET", login).data.decode()
        form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', shown)) | {"decision": "allow"}
        where = "https://appcenter.intuit.com/connect/oauth2"
        sent = self.browser.request("POST", where, fields=form, encode_multipart=False, redirect=False)
        back = dict(parse_qsl(urlsplit(sent.headers["Location"]).query))
        assert back["state"] == "s1"
        self.realm = back["realmId"]
        return self.do("end", code=back["code"], realm=self.realm)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = tmp_path_factory.mktemp("proxy")
    world = books()
    of(world).switches["per_second"] = 0  # python-quickbooks does not wait
    with proxied(world, folder, HOSTS) as proxy:
        environ = {"HTTPS_PROXY": proxy.url, "REQUESTS_CA_BUNDLE": str(proxy.authority)}
        browser = urllib3.ProxyManager(proxy.url, ca_certs=str(proxy.authority))
        with driven("quickbooks", environ) as script:
            made = Client(world, script, browser)
            made.sign_in()
            yield made


def account(client: Client, kind: str) -> str:
    return str(client.do("where", kind="Account", clause=f"AccountType = '{kind}'")[0])


def test_it_signs_in_with_an_id_token_that_its_own_check_takes(client: Client) -> None:
    told = client.sign_in()
    assert told == {
        "expires_in": 3600,
        "x_refresh_token_expires_in": 8_640_000,
        "realm_id": client.realm,
        "id_token": True,
    }
    assert client.do("userinfo")["email"] == client.company.facts["users"][0]["email"]


def test_it_refreshes_and_the_value_stays_for_a_day(client: Client) -> None:
    assert client.do("refresh") == [True, False]
    client.world.clock.advance(86_400)
    assert client.do("refresh") == [True, True]
    assert client.do("company")["name"] == client.company.facts["name"]


def test_it_revokes_and_is_refused_afterwards(client: Client) -> None:
    assert client.do("revoke") is True
    with pytest.raises(Refused) as caught:
        client.do("company")
    assert (caught.value.kind, caught.value.code) == ("AuthorizationException", 401)
    with pytest.raises(Refused, match="AuthClientError") as caught:
        client.do("refresh")
    assert caught.value.code == 400
    client.sign_in()


def test_it_reads_company_and_preferences(client: Client) -> None:
    assert client.do("company") == {"name": client.company.facts["name"], "country": client.company.facts["country"]}
    assert client.do("preferences") == {"home": "GBP", "numbers": True}


def test_it_pages_counts_filters_and_chooses(client: Client) -> None:
    for at in range(5):
        client.do("make_customer", name=f"Page {at}")
    assert client.do("count", kind="Customer", clause="DisplayName LIKE 'Page %'") == 5
    first = client.do("all", kind="Customer", order_by="DisplayName DESC", start=1, most=3)
    second = client.do("all", kind="Customer", order_by="DisplayName DESC", start=4, most=3)
    names = [name for _, name in (*first, *second)]
    assert names == sorted(names, key=str.lower, reverse=True) and len(set(names)) == 6
    one = client.do("filtered", kind="Customer", DisplayName="Page 3", Active=True)
    assert client.do("choose", kind="Customer", values=["Page 3", "Nobody"], field="DisplayName") == one
    assert len(client.do("where", kind="Customer", clause="DisplayName IN ('Page 1', 'Page 2')")) == 2
    assert client.do("where", kind="Customer", clause="DisplayName = 'Nobody'") == []


def test_an_apostrophe_is_found_again(client: Client) -> None:
    made = client.do("make_customer", name="O'Neill's")
    assert client.do("filtered", kind="Customer", DisplayName="O'Neill's") == [made]


def test_the_same_request_id_writes_once(client: Client) -> None:
    before = client.world.evidence("writes")["count"]
    first = client.do("make_customer", name="Once", request_id="r-1")
    assert client.do("make_customer", name="Once", request_id="r-1") == first
    assert client.world.evidence("writes")["count"] == before + 1


def test_it_sends_whole_objects_back_with_all_their_junk(client: Client) -> None:
    made = client.do("make_customer", name="Before")
    assert client.do("rename", customer=made, name="After") == "1"
    assert client.do("read", kind="Customer", id=made)["DisplayName"] == "After"


def test_a_stale_version_is_5010(client: Client) -> None:
    made = client.do("make_customer", name="Stale")
    client.do("rename", customer=made, name="Stale too")
    with pytest.raises(Refused) as caught:
        client.do("rename", customer=made, name="Never", token="0")
    assert caught.value.code == 5010


def test_a_name_is_shared_by_customers_and_vendors(client: Client) -> None:
    client.do("make_customer", name="Shared")
    with pytest.raises(Refused) as caught:
        client.do("make_vendor", name="shared")
    assert caught.value.code == 6240


def test_an_invoice_is_paid_and_its_payment_voided(client: Client) -> None:
    who = client.do("make_customer", name="Payer")
    made = client.do("invoice", customer=who, amount=100, number="PQ-1")
    assert made["DocNumber"] == "PQ-1" and made["Balance"] == made["TotalAmt"] >= 100
    paid = client.do("pay", invoice=made["Id"], amount=made["TotalAmt"])
    assert client.do("read", kind="Invoice", id=made["Id"])["Balance"] == 0
    assert client.do("void", kind="Payment", id=paid["Id"]) is True
    assert client.do("read", kind="Invoice", id=made["Id"])["Balance"] == made["TotalAmt"]
    assert client.do("void", kind="Invoice", id=made["Id"]) is True
    assert client.do("read", kind="Invoice", id=made["Id"])["TotalAmt"] == 0


def test_a_taken_number_is_6140_and_names_who_has_it(client: Client) -> None:
    client.company.set(warn_duplicate_numbers=True, custom_numbers=True)
    who = client.do("make_customer", name="Numbers")
    made = client.do("invoice", customer=who, amount=10, number="PQ-2")
    with pytest.raises(Refused) as caught:
        client.do("invoice", customer=who, amount=10, number="PQ-2")
    client.company.set(warn_duplicate_numbers=False)
    assert caught.value.code == 6140 and f"TxnId={made['Id']}" in caught.value.told


def test_a_journal_balances_is_looked_up_by_number_and_deleted(client: Client) -> None:
    bank, expense = account(client, "Bank"), account(client, "Expense")
    made = client.do("journal", debit=bank, credit=expense, amount=12.34, number="PQ-J1")
    assert client.do("filtered", kind="JournalEntry", DocNumber="PQ-J1") == [made["Id"]]
    gone = client.do("delete", kind="JournalEntry", id=made["Id"])["JournalEntry"]
    assert (gone["status"], gone["Id"]) == ("Deleted", made["Id"])
    with pytest.raises(Refused) as caught:
        client.do("read", kind="JournalEntry", id=made["Id"])
    assert (caught.value.kind, caught.value.code) == ("ObjectNotFoundException", 610)


def test_a_bill_is_made(client: Client) -> None:
    who = client.do("make_vendor", name="Supplier")
    assert client.do("bill", vendor=who, account=account(client, "Expense"), amount=30)["Balance"] >= 30


def test_a_batch_with_ids_of_36_characters_tells_each_item_apart(client: Client) -> None:
    names = [f"Batch {at}" for at in range(33)]
    done = client.do("batch", names=[*names, "Batch 0"])
    assert sorted(done["made"]) == sorted(names) and done["refused"] == [["Batch 0", "6240"]]


def test_a_batch_deletes(client: Client) -> None:
    bank, expense = account(client, "Bank"), account(client, "Expense")
    made = [client.do("journal", debit=bank, credit=expense, amount=1)["Id"] for _ in range(2)]
    before = client.do("count", kind="JournalEntry")
    client.do("batch_away", journals=made)
    assert client.do("count", kind="JournalEntry") == before - 2


def test_the_change_feed_tells_changed_and_deleted(client: Client) -> None:
    client.world.clock.advance(60)
    # python-quickbooks writes moments without an offset; they are taken for the vendor's own time.
    since = client.company.now().astimezone(PACIFIC).replace(tzinfo=None).isoformat()
    bank, expense = account(client, "Bank"), account(client, "Expense")
    kept, gone = (client.do("journal", debit=bank, credit=expense, amount=2)["Id"] for _ in range(2))
    client.do("delete", kind="JournalEntry", id=gone)
    found = client.do("changed", kinds=["JournalEntry", "Payment"], since=since)
    assert sorted(found["JournalEntry"]) == sorted([[kept, ""], [gone, "Deleted"]]) and "Payment" not in found


def test_a_file_is_attached_and_read_back(client: Client, tmp_path: Path) -> None:
    who = client.do("make_customer", name="Papers")
    made = client.do("invoice", customer=who, amount=10)
    content = b"settlement-id\t7\r\n\x00\xff"
    (tmp_path / "statement.txt").write_bytes(content)
    held = client.do("attach", path=str(tmp_path / "statement.txt"), invoice=made["Id"])
    assert held["size"] == len(content)
    assert client.browser.request("GET", held["url"]).data == content


def test_a_document_is_sent_and_had_as_pdf(client: Client) -> None:
    who = client.do("make_customer", name="Mail")
    made = client.do("invoice", customer=who, amount=10)
    assert client.do("send", invoice=made["Id"], to="someone@example.com") == "EmailSent"
    assert client.do("pdf", invoice=made["Id"]) == "%PDF-1.4"


def test_a_query_that_the_language_does_not_have_is_refused(client: Client) -> None:
    with pytest.raises(Refused) as caught:
        client.do("query", statement="select * from Customer where Id = '1' or Id = '2'")
    assert (caught.value.kind, caught.value.code) == ("ValidationException", 4000)


def test_an_expired_token_is_401_and_a_limit_429(client: Client) -> None:
    client.world.arm("token-expired")
    with pytest.raises(Refused) as caught:
        client.do("preferences")
    assert (caught.value.kind, caught.value.code) == ("AuthorizationException", 401)
    client.world.arm("rate-limit")
    with pytest.raises(Refused) as caught:
        client.do("preferences")
    assert (caught.value.kind, caught.value.code) == ("QuickbooksException", 10000) and "429" in caught.value.told
    assert client.do("preferences")["home"] == "GBP"


def test_a_closed_period_and_a_plan_are_refused_with_their_codes(client: Client) -> None:
    bank, expense = account(client, "Bank"), account(client, "Expense")
    client.company.set(closing_on="2099-12-31", closing_password=True)
    with pytest.raises(Refused) as caught:
        client.do("journal", debit=bank, credit=expense, amount=1)
    client.company.set(closing_on="", closing_password=False)
    assert caught.value.code == 6210
    plan = client.company.facts["plan"]
    client.company.set(plan="simple_start")
    with pytest.raises(Refused) as caught:
        client.do("bill", vendor=client.do("make_vendor", name="Too much"), account=expense, amount=1)
    client.company.set(plan=plan)
    assert caught.value.code == 5030


def test_its_own_check_takes_the_signature_of_our_notices(client: Client) -> None:
    body = '[{"specversion":"1.0"}]'
    good = signature("verifier", body.encode())
    assert client.do("signature_holds", body=body, signature=good, verifier="verifier") is True
    assert client.do("signature_holds", body=body, signature=good, verifier="another") is False


def test_it_reads_journals_while_another_app_posts_them(client: Client) -> None:
    client.world.hand("app", client_id="another", secret="s")
    other = Caller(client.world, "another", "s").sign_in(company=client.realm)
    bank, expense = account(client, "Bank"), account(client, "Expense")
    for at in range(3):
        items = [_item(f"SET-{at}-{number}", bank, expense, f"{number + 1}.01") for number in range(30)]
        assert other.post(f"batch?requestid=set-{at}", {"BatchItemRequest": items}).status == 200
        assert client.do("count", kind="JournalEntry", clause="DocNumber LIKE 'SET-%'") == (at + 1) * 30
    rows = client.do("query", statement="SELECT * FROM JournalEntry WHERE DocNumber LIKE 'SET-%' MAXRESULTS 1000")
    debits = [
        round(line["Amount"] * 100)
        for row in rows["QueryResponse"]["JournalEntry"]
        for line in row["Line"]
        if line["JournalEntryLineDetail"]["PostingType"] == "Debit"
    ]
    documents = client.world.evidence("documents", entity="JournalEntry")
    kept = sum(int(one["total"] * 100) for one in documents if str(one["number"]).startswith("SET-"))
    assert sum(debits) == kept == 3 * (465 * 100 + 30) and client.world.evidence("totals")["sum"] == 0


def _item(number: str, debit: str, credit: str, amount: str) -> dict[str, Any]:
    sides = (("Debit", debit), ("Credit", credit))
    lines = [
        {
            "Amount": float(amount),
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": account}},
        }
        for side, account in sides
    ]
    return {"bId": number[4:], "operation": "create", "JournalEntry": {"DocNumber": number, "Line": lines}}
