"""The exact documents before anything is sent: what each account gains, and the request byte for byte."""

from fastapi import Request
from fastapi.responses import Response

from tieout.core.money import total
from tieout.sync import settlements
from tieout.web import guard
from tieout.web.errors import Missing
from tieout.web.pages.settlement import found_view, send_words, shown_document
from tieout.web.pages.settlements import SENDABLE
from tieout.web.render import page
from tieout.web.routes import get


def show(request: Request, visitor: guard.SignedIn, tools: guard.CallerTools, id: str) -> Response:
    view = found_view(tools, visitor, id)
    preview = settlements.preview(tools, visitor.organisation, id)
    if preview is None:
        raise Missing
    bodies = preview.bodies or ("",) * len(view.documents)
    debits = total((change for _, change in preview.accounts if change.minor > 0), view.card.total.currency)
    return page(
        request,
        "preview.html",
        card=view.card,
        preview=preview,
        view=view,
        documents=[(shown_document(view, each), body) for each, body in zip(view.documents, bodies, strict=True)],
        debits=debits,
        account_names=view.account_names,
        books_name=view.books_name,
        is_frozen=view.is_frozen,
        can_send=view.card.status in SENDABLE and visitor.may("send"),
        send_words=send_words(view),
    )


ROUTES = (get("/settlements/{id}/preview", show),)
