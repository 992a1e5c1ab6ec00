"""The list, the upload, one settlement down to its rows, the preview, and sending: by forms alone."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import tieout.web
from tests.web.conftest import SAMPLES, Site, words
from tieout import channels
from tieout.sync import settlements

UK = (SAMPLES / "amazon_v2_uk.txt").read_bytes()


def test_an_empty_list_says_what_to_do_first(site: Site) -> None:
    text = words(site.page("/settlements"))
    assert "No settlements yet" in text and "Upload the settlement file" in text


def test_what_may_be_uploaded_is_said_by_the_channels_themselves(site: Site) -> None:
    text = words(site.page("/settlements"))
    assert all(channel.FILES in text for channel in channels.channels().values())
    templates = Path(tieout.web.__file__).parent / "templates"
    labels = [channel.LABEL.casefold() for channel in channels.channels().values()]
    assert not [
        path for path in templates.rglob("*.html") if any(label in path.read_text().casefold() for label in labels)
    ]


def test_an_upload_becomes_a_settlement_with_its_next_step(site: Site) -> None:
    answer = site.upload("june.txt", UK)
    assert answer.status_code == 303 and answer.headers["location"].startswith("/operations/")
    waiting = words(site.page(answer.headers["location"]))
    assert "Waiting for its turn" in waiting and "Ends at the latest" in waiting
    site.house.jobs.run_all()
    assert "1 imported" in words(site.page(answer.headers["location"]))
    listed = site.page("/settlements")
    assert "1 is ready to send" in words(listed)
    settlement = re.search(r'href="(/settlements/[\w-]+)"', listed)
    assert settlement
    shown = words(site.page(settlement[1]))
    assert "Look it over and send it." in shown and "Does it meet the deposit?" in shown and "8 of 8 hold" in shown
    assert not list(site.spool.iterdir()), "the spool is empty again"


def test_while_an_upload_arrives_its_reader_gets_ready(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []

    @contextmanager
    def expected(size: int) -> Iterator[None]:
        told.append(size)
        yield

    monkeypatch.setattr(settlements, "expected", expected)
    site.upload("june.txt", UK)
    (size,) = told
    assert len(UK) < size < len(UK) + 1000, "the form around it counts too"


def test_an_upload_over_the_limit_is_refused_with_a_sentence(make_site: Callable[..., Site]) -> None:
    site = make_site(upload_limit_bytes=1024 * 1024)
    site.sign_in()
    answer = site.upload("big.txt", b"x" * (2 * 1024 * 1024))
    assert answer.status_code == 413
    assert "up to 1 MB" in words(answer.text) and "tieout import" in answer.text
    body = (b"x" * 65536 for _ in range(40))  # chunked: no length is told beforehand
    boundary = {"Content-Type": "multipart/form-data; boundary=b"}
    assert site.client.post("/settlements/upload", content=body, headers=boundary).status_code in (400, 413)
    assert not list(site.spool.iterdir())


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("empty.txt", b"", "empty"),
        ("picture.txt", b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "picture"),
        ("archive.txt", b"PK\x03\x04" + b"\0" * 64, "zip"),
        ("page.txt", b"<!doctype html><html><body>Sign in</body></html>", "HTML"),
    ],
)
def test_a_file_that_is_no_settlement_is_refused_with_the_reason(
    site: Site, name: str, content: bytes, word: str
) -> None:
    operation = site.upload(name, content).headers["location"]
    site.house.jobs.run_all()
    text = words(site.page(operation))
    assert "Not done" in text and word.lower() in text.lower() and "Choose another file" in text
    assert "No settlements yet" in words(site.page("/settlements"))


@pytest.mark.parametrize(
    "name", ["../../etc/cron.d/x", "C:\\CON", "a" * 300 + ".txt", "<script>alert(1)</script>.txt", "ü☃.txt"]
)
def test_a_file_name_is_shown_and_never_used(site: Site, name: str) -> None:
    operation = site.upload(name, UK).headers["location"]
    site.house.jobs.run_all()
    page = site.page(operation)
    assert "1 imported" in words(page) and "<script>alert" not in page
    answer = site.get(f"/settlements/{only_settlement(site)}/statement")
    assert re.fullmatch(r'attachment; filename="[\w.\-]{1,100}"', answer.headers["content-disposition"])
    assert answer.headers["content-type"] == "application/octet-stream"


def test_an_upload_without_a_file_or_cut_short_is_told(site: Site) -> None:
    token = site.token()
    assert site.client.post("/settlements/upload", data={"csrf": token}).status_code == 400
    answer = site.client.post(
        "/settlements/upload", content=b"--b\r\nContent", headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert answer.status_code in (400, 403) and "Nothing" in answer.text


def test_the_spool_is_emptied_when_the_upload_fails_half_way(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        assert len(list(site.spool.iterdir())) == 1
        raise RuntimeError("half way")

    monkeypatch.setattr("tieout.sync.settlements.receive", broken)
    assert site.upload("june.txt", UK).status_code == 500
    assert not list(site.spool.iterdir())


def only_settlement(site: Site) -> str:
    found = set(re.findall(r'href="/settlements/([0-9a-f-]{36})"', site.page("/settlements")))
    assert len(found) == 1
    return str(found.pop())


def test_search_and_status_choose_what_is_listed(site: Site) -> None:
    site.settlement("amazon_v2_uk.txt")
    site.settlement("amazon_v2_unknown_type.txt")
    assert len(rows_of(site.page("/settlements"))) == 2
    assert len(rows_of(site.page("/settlements?status=unknown-rows"))) == 1
    assert len(rows_of(site.page("/settlements?search=nothing-like-it"))) == 0
    assert "Show all settlements" in site.page("/settlements?search=nothing-like-it")
    assert len(rows_of(site.page("/settlements?status=no-such-status"))) == 2, "nonsense filters nothing"
    assert len(rows_of(site.page("/settlements?after=nonsense"))) == 2


def test_the_list_is_sorted_and_narrowed_by_its_address(site: Site) -> None:
    for sample in ("amazon_v2_uk.txt", "amazon_v2_unknown_type.txt", "amazon_v2_negative.txt"):
        site.settlement(sample)
    largest, smallest = (site.page(f"/settlements?sort={word}") for word in ("largest", "smallest"))
    assert numbers_of(largest) == numbers_of(smallest)[::-1] and len(set(numbers_of(largest))) == 3
    assert 'aria-sort="descending"><a class="sort" href="/settlements?sort=smallest"' in largest
    assert numbers_of(site.page("/settlements?sort=nonsense")) == numbers_of(site.page("/settlements"))
    for address, found in (
        ("status=unsent", 3),
        ("problem=row-type-unknown", 1),
        ("since=2099-01-01", 0),
        ("until=2099-01-01", 3),
        ("since=31.12.2020&until=x", 3),
        ("since=0001-01-01&until=9999-12-31", 3),
        ("marketplace=Amazon.nowhere", 0),
    ):
        assert len(rows_of(site.page(f"/settlements?{address}"))) == found, address
    assert '<details class="more-filters" open>' in site.page("/settlements?since=2020-01-01")


def test_every_choice_of_the_list_survives_its_next_page(site: Site) -> None:
    content = (SAMPLES / "amazon_v2_negative.txt").read_text()
    number = re.search(r"\d{11}", content)
    assert number
    for i in range(51):
        site.house.receive(f"{i}.txt", content.replace(number[0], f"{int(number[0]) + i:011d}").encode())
    first = site.page("/settlements?status=unsent&until=2099-01-01&sort=smallest")
    following = re.search(r'href="(/settlements\?[^"]*after=[^"]+)"', first)
    assert following and "sort=smallest" in following[1] and "status=unsent" in following[1]
    second = site.page(following[1].replace("&amp;", "&"))
    assert len(rows_of(second)) == 1 and not set(numbers_of(first)) & set(numbers_of(second))
    assert "First page" in second


def numbers_of(page: str) -> list[str]:
    return re.findall(r'class="text-secondary small">(\d+)', page)


def rows_of(page: str) -> list[str]:
    return re.findall(r'<td class="cell-name">', page)


def test_the_list_goes_on_after_fifty(site: Site) -> None:
    content = (SAMPLES / "amazon_v2_negative.txt").read_text()
    number = re.search(r"\d{11}", content)
    assert number
    for i in range(52):
        site.house.receive(f"{i}.txt", content.replace(number[0], f"{int(number[0]) + i:011d}").encode())
    first = site.page("/settlements")
    older = re.search(r'href="(/settlements\?after=[^"]+)"', first)
    assert len(rows_of(first)) == 50 and older
    assert len(rows_of(site.page(older[1].replace("&amp;", "&")))) == 2


def test_every_line_opens_to_rows_that_sum_to_it(site: Site) -> None:
    page = site.page(f"/settlements/{site.settlement()}")
    lines = re.findall(r'href="(/settlements/[\w-]+/parts/\d+/lines/\d+)"', page)
    assert len(lines) > 5
    for path in lines:
        shown = site.page(path)
        assert "the sum of these rows is the line" in shown and "Row in the file" in shown
    assert site.get(lines[0].rpartition("/")[0] + "/999").status_code == 404
    assert site.get(lines[0] + "?after=-5").status_code == 200
    assert site.get(lines[0] + "?after=x").status_code == 404


def test_two_months_show_two_documents_and_which_one_is_the_deposit(site: Site) -> None:
    shown = words(site.page(f"/settlements/{site.settlement('amazon_v2_uk_two_months.txt')}"))
    assert "2 months" in shown and "match this one with the deposit" in shown
    assert "carried over to the next month" in shown


def test_a_negative_settlement_is_a_bill_that_explains_itself(site: Site) -> None:
    shown = words(site.page(f"/settlements/{site.settlement('amazon_v2_negative.txt')}"))
    assert "Bill " in shown and "so this is a bill" in shown and "−" in shown


def test_without_books_the_way_to_connect_them_is_the_next_step(site: Site) -> None:
    page = site.page(f"/settlements/{site.settlement()}")
    assert "Connect books" in page and 'action="/settlements/send"' not in page
    assert "Connect the books to see the exact request" in site.page(f"/settlements/{only_settlement(site)}/preview")


def test_preview_and_send_until_it_ties_out(site: Site) -> None:
    site.house.connect()
    settlement = site.settlement()
    preview = site.page(f"/settlements/{settlement}/preview")
    assert "&#34;InvoiceNumber&#34;" in preview and "Accounts receivable" in preview
    assert not site.house.documents(), "looking sends nothing"
    answer = site.post("/settlements/send", {"id": settlement}, page=f"/settlements/{settlement}/preview")
    operation = answer.headers["location"]
    site.house.jobs.run_all()
    assert "1 of 1 sent and read back" in words(site.page(operation))
    page = site.page(f"/settlements/{settlement}")
    shown = words(page)
    assert "Ties out" in shown and "read back and equal" in shown and "Open in" in shown
    assert 'target="_blank"' in page and "noopener" in page
    assert sum(site.house.documents().values()) == 1
    assert "Exactly this was approved" in site.page(f"/settlements/{settlement}/preview")


def test_several_are_sent_at_once_and_none_is_told(site: Site) -> None:
    site.house.connect()
    ids = [site.settlement(), site.settlement("amazon_v2_negative.txt")]
    answer = site.post("/settlements/send", {"id": ids})
    site.house.jobs.run_all()
    shown = words(site.page(answer.headers["location"]))
    assert "2 settlements" in shown and "2 of 2 sent" in shown
    answer = site.post("/settlements/send")
    assert answer.headers["location"] == "/settlements"
    assert "Select at least one settlement" in site.page("/settlements")
    assert "Select at least one settlement" not in site.page("/settlements"), "it is said once"


def test_while_it_is_sent_the_page_asks_again_and_is_drawn_anew_in_the_end(site: Site) -> None:
    site.house.connect()
    settlement = site.settlement()
    page = f"/settlements/{settlement}"
    assert "every 2s" not in site.page(page)
    site.post("/settlements/send", {"id": settlement})
    site.house.world.arm("reset", when="after", method="PUT", path="/api.xro/2.0/Invoices")
    site.house.jobs.run_all()
    moving = site.page(page)
    assert "every 2s" in moving and ("Do not enter it by hand" in moving or "It goes on by itself" in moving), words(
        moving
    )
    assert "hx-refresh" not in site.get(page, headers={"HX-Request": "true"}).headers
    site.house.clock.skip(minutes=10)
    site.sign_in()
    site.house.sweep()
    assert site.get(page, headers={"HX-Request": "true"}).headers["hx-refresh"] == "true"
    assert "Ties out" in words(site.page(page)) and sum(site.house.documents().values()) == 1


def test_a_refusal_shows_the_books_own_words_and_their_id(site: Site) -> None:
    site.house.connect()
    settlement = site.settlement()
    site.house.world.hand("user-role", role="read-only")
    answer = site.post("/settlements/send", {"id": settlement})
    site.house.jobs.run_all()
    assert "Ended, but not everything was sent" in words(site.page(answer.headers["location"]))
    shown = words(site.page(f"/settlements/{settlement}"))
    assert "Blocked" in shown and "You are not permitted to access this resource" in shown
    assert "Mend the connection" in shown and "Reading only" in words(site.page("/connection"))


def test_an_unknown_label_is_explained_once_and_the_settlement_goes_on(site: Site) -> None:
    settlement = site.settlement("amazon_v2_unknown_type.txt")
    page = site.page(f"/settlements/{settlement}")
    link = re.search(r'href="(/settlements/[\w-]+/label\?label=[^"]+)"', page)
    assert link and "Unknown rows" in words(page)
    form = site.page(link[1])
    label = re.search(r'name="label" value="([^"]*)"', form)
    assert label and "optgroup" in form and "For example" in form
    path = f"/settlements/{settlement}/label"
    wrong = site.post(path, {"label": label[1], "category": "unknown"}, page=link[1])
    assert wrong.status_code == 422 and "Choose what the label means." in wrong.text
    answer = site.post(path, {"label": label[1], "category": "fee.other"}, page=link[1])
    assert answer.headers["location"] == f"/settlements/{settlement}"
    shown = words(site.page(f"/settlements/{settlement}"))
    assert "Saved:" in shown and "Ready" in shown and "Unknown rows" not in shown
    assert site.post(path, {"label": "never seen", "category": "fee.other"}).status_code == 404


def test_text_from_a_file_is_shown_and_never_run(site: Site) -> None:
    evil = "<img src=x onerror=alert(1)>"
    content = (SAMPLES / "amazon_v2_unknown_type.txt").read_text()
    label = re.search(r"other-transaction\t.*?\t([A-Z][A-Za-z ]+)\t", content)
    name = next(word for word in content.split("\t") if "Fee" in word and " " in word)
    assert label or name
    ended = site.house.receive("evil.txt", content.replace(name, evil).encode())
    settlement = ended.result["settlements"][0]["id"]
    pages = [f"/settlements/{settlement}", "/settlements", f"/settlements/{settlement}/label?label={evil}"]
    shown = [site.get(path).text for path in pages]
    assert any("&lt;img src=x" in page for page in shown), "the label is on the page"
    assert not any(evil in page for page in shown)


def test_several_files_are_taken_in_at_once_each_with_its_own_end(site: Site) -> None:
    files = [
        ("file", ("june.txt", UK, "text/plain")),
        ("file", ("picture.txt", b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "text/plain")),
        ("file", ("minus.txt", (SAMPLES / "amazon_v2_negative.txt").read_bytes(), "text/plain")),
    ]
    answer = site.client.post("/settlements/upload", data={"csrf": site.token()}, files=files)
    place = answer.headers["location"]
    assert place.count("id=") == 3
    waiting = site.page(place)
    assert waiting.count('hx-trigger="every 1s"') == 2, "the picture was refused at the door"
    fragment = re.search(r'hx-get="(/operations/[\w-]+/state\?level=h2)"', waiting)
    assert fragment and "<h2" in site.page(fragment[1])
    site.house.jobs.run_all()
    ended = words(site.page(place))
    assert ended.count("1 imported") == 2 and "picture.txt" in ended and "Not done" in ended
    assert "every 1s" not in site.page(place) and not list(site.spool.iterdir())
    assert site.get("/operations").status_code == 404 and site.get("/operations?id=none").status_code == 404
    many = [("file", (f"{i}.txt", UK, "text/plain")) for i in range(51)]
    refused = site.client.post("/settlements/upload", data={"csrf": site.token()}, files=many)
    assert refused.status_code == 400 and "up to 50 files" in words(refused.text) and not list(site.spool.iterdir())


def test_everything_that_is_ready_is_sent_after_one_more_look(site: Site) -> None:
    site.house.connect()
    ready = [site.settlement(sample) for sample in ("amazon_v2_uk.txt", "amazon_v2_negative.txt")]
    held = site.settlement("amazon_v2_unknown_type.txt")
    assert "Send all 2 ready" in words(site.page("/settlements"))
    page = site.page("/send/ready")
    assert "Send 2 settlements?" in words(page) and "£683.10" in words(page) and "372.19" in words(page)
    answer = site.post("/send/ready", {"mark": re.findall(r'name="mark" value="(\w+)"', page)[0]}, page="/send/ready")
    assert answer.status_code == 303 and answer.headers["location"].startswith("/operations/")
    site.house.jobs.run_all()
    assert {site.house.card(id).status for id in ready} == {"sent"}
    assert site.house.card(held).status == "unknown-rows"
    assert "Send all" not in words(site.page("/settlements")) and "Nothing is ready" in words(site.page("/send/ready"))


def test_what_has_become_ready_since_is_looked_at_before_it_is_sent(site: Site) -> None:
    site.house.connect()
    site.settlement()
    page = site.page("/send/ready")
    site.settlement("amazon_v2_negative.txt")
    answer = site.post("/send/ready", {"mark": re.findall(r'name="mark" value="(\w+)"', page)[0]}, page="/send/ready")
    assert answer.headers["location"] == "/send/ready" and site.house.documents() == {}
    assert "changed since you looked" in words(site.page("/send/ready"))


def test_without_books_everything_that_is_ready_waits_for_them(site: Site) -> None:
    site.settlement()
    shown = words(site.page("/send/ready"))
    assert "Connect the books first" in shown and "Send 1 settlement?" in shown
