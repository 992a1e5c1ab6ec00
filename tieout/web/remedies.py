"""What the pages say to do about a connection that stands still, by the cause."""

# What each cause means here and who can mend it; the platform's own words stand beside it.
REMEDIES = {
    "user-not-permitted": "The person who connected may read these books but not post to them. Somebody who may "
    "create invoices there must reconnect; settlements wait until then.",
    "connected-with-restricted-user": "The person who connected may not do everything Tieout needs. Somebody with more "
    "rights in the books must reconnect.",
    "connect-permission-partial": "Not every permission was granted on the consent page. Reconnect and leave all boxes "
    "ticked.",
    "connection-removed-remotely": "The connection was removed on the books' side. Reconnect if that "
    "was not meant; nothing is lost.",
    "grant-ended": "The permission has run out, as it does when it was not used for long. Reconnect; nothing is lost.",
    "app-authorisation-revoked": "The permission was withdrawn on the books' side. Reconnect if that was not meant.",
    "scope-missing": "A permission that Tieout needs was not granted. Reconnect and leave all boxes ticked.",
    "connect-never-completes": "The consent page was left before it was done. Nothing has changed. Start again when "
    "you are ready.",
    "connect-org-unlinked": "No organisation was chosen on the consent page. Start again and choose one.",
    "connect-not-signed-in": "You were signed out, or signed in anew, while the consent page was open. Start again.",
    "connect-wrong-organisation": "Other books were approved than those that were connected. Switch back and approve "
    "again, or use the other ones as a new book; nothing is read or written until then.",
    "user-rights-changed": "Somebody who administers the books gives the person who connected the rights back, or "
    "somebody who has them reconnects. Nothing is lost.",
    "refused-despite-full-rights": "Rights and permissions are in order and documents are refused all the same. Run "
    "the check, then try a clean reconnect; the evidence is there to be handed on.",
    "connect-cookies-lost": "This browser no longer has what it was given when it began. Start again in this window.",
    "connect-role-too-low": "Whoever began it may not connect books here any more.",
    "connect-already-listed": "An older link stands in the way over there. Start over: it is removed first.",
    "connect-error-shown": "The books could not be connected; nothing has changed.",
}
