"""The unmodified python-amazon-sp-api against the stand-in, under Amazon's own names.

Where it fails, the stand-in is wrong. It lives in an environment of its own, made on first use from `amazon.lock`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clients.environment import Driven, Refused, driven
from tests.sandbox.amazon.selling import V2, total_and_sum
from tieout.sandbox.amazon import HOSTS, of, sellers
from tieout.sandbox.amazon.scenarios import APP_ID, APP_SECRET, REFRESH_TOKEN
from tieout.sandbox.proxy import proxied
from tieout.sandbox.world import World

pytestmark = pytest.mark.slow


@dataclass
class Client:
    world: World
    driven: Driven

    def do(self, verb: str, /, **told: Any) -> Any:
        return self.driven.do(verb, **told)

    def begin(self, country: str = "UK", **more: str) -> None:
        told = {"refresh_token": REFRESH_TOKEN, "client_id": APP_ID, "secret": APP_SECRET} | more
        self.do("begin", **told, country=country)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = tmp_path_factory.mktemp("proxy")
    world = sellers()
    of(world).switches["throttles"] = False
    with proxied(world, folder, HOSTS) as proxy:
        environ = {"HTTPS_PROXY": proxy.url, "SSL_CERT_FILE": str(proxy.authority), "HOME": str(folder)}
        with driven("amazon", environ) as script:
            made = Client(world, script)
            made.begin()
            yield made


def test_it_lists_settlement_reports(client: Client) -> None:
    found = client.do("get_reports", reportTypes=[V2], processingStatuses=["DONE"], marketplaceIds=["A1F83G8C2ARO7P"])
    assert found["reports"] and all(row["processingStatus"] == "DONE" for row in found["reports"])
    assert all(row["marketplaceIds"] == ["A1F83G8C2ARO7P"] for row in found["reports"])


def test_it_follows_the_pages_by_itself(client: Client) -> None:
    marketplaces = ["A1F83G8C2ARO7P", "A1PA6795UKMFR9", "A13V1IB3VIYZZH"]
    found = client.do("all_reports", reportTypes=[V2], pageSize=3, marketplaceIds=marketplaces)
    told = [one for one in client.world.evidence("settlements") if one["is_listed"]]
    assert len({row["reportId"] for row in found}) == len(found) == sum(len(one["reports"]) for one in told)


def test_it_reads_one_report_and_downloads_its_document(client: Client) -> None:
    row = client.do("get_reports", reportTypes=[V2])["reports"][0]
    assert client.do("get_report", report_id=row["reportId"]) == row
    found = client.do("document", document_id=row["reportDocumentId"])
    assert found["url"].startswith("https://tortuga-prod-eu.s3-eu-west-1.amazonaws.com/NinetyDays/")
    stated, summed = total_and_sum(found["text"].encode(), "utf-8")
    assert stated == summed and found["encoding"].lower() == "utf-8"


@pytest.mark.parametrize("packed", ["always", "never"])
def test_it_reads_packed_and_plain_documents_in_european_encoding(client: Client, packed: str) -> None:
    of(client.world).switches["gzip"] = packed
    row = client.do("get_reports", reportTypes=[V2], marketplaceIds=["A1PA6795UKMFR9"])["reports"][0]
    found = client.do("document", document_id=row["reportDocumentId"])
    stated, summed = total_and_sum(found["text"].encode(), "utf-8", ",")
    assert stated == summed and found["encoding"].lower() == "cp1252" and "Gläser" in found["text"]


def test_it_leaves_bytes_as_they_are_where_the_charset_is_wrong(client: Client) -> None:
    of(client.world).switches["charset"] = "wrong"
    row = client.do("get_reports", reportTypes=[V2], marketplaceIds=["A1PA6795UKMFR9"])["reports"][0]
    found = client.do("document", document_id=row["reportDocumentId"])
    assert found["text"].startswith("b'settlement-id") and found["encoding"].lower() == "utf-8"
    of(client.world).switches["charset"] = "right"


def test_it_is_told_why_a_settlement_cannot_be_requested(client: Client) -> None:
    with pytest.raises(Refused) as caught:
        client.do("create_report", reportType=V2)
    assert (caught.value.kind, caught.value.code) == ("SellingApiBadRequestException", "InvalidInput")
    assert "Request for report type 1118 is not allowed at this time" in caught.value.told


@pytest.mark.parametrize(
    ("fault", "how", "kind", "code"),
    [
        ("rate-limit", {}, "SellingApiRequestThrottledException", "QuotaExceeded"),
        ("token-expired", {}, "SellingApiForbiddenException", "Unauthorized"),
        ("http-error", {"status": 404}, "SellingApiNotFoundException", "NotFound"),
        ("http-error", {"status": 500}, "SellingApiServerException", "InternalFailure"),
        ("outage", {}, "SellingApiTemporarilyUnavailableException", "ServiceUnavailable"),
    ],
)
def test_it_knows_every_refusal(client: Client, fault: str, how: dict[str, int], kind: str, code: str) -> None:
    client.world.arm(fault, **how)
    with pytest.raises(Refused) as caught:
        client.do("get_reports", reportTypes=[V2])
    assert (caught.value.kind, caught.value.code) == (kind, code)


def test_it_reads_the_rate_from_the_header(client: Client) -> None:
    assert client.do("rate_limit") == "0.0222"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"refresh_token": "Atzr|gone"}, "invalid grant parameter"),
        ({"refresh_token": "Atzr|x", "secret": "x"}, "Client"),
    ],
)
def test_a_dead_grant_or_a_wrong_secret_is_an_authorization_error(
    client: Client, told: dict[str, str], words: str
) -> None:
    client.begin(**told)
    with pytest.raises(Refused) as caught:
        client.do("get_reports", reportTypes=[V2])
    assert caught.value.kind == "AuthorizationError" and words in caught.value.told
    client.begin()
