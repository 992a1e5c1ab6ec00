"""Mail: one letter handed to an SMTP server, or written as a file into a folder. The only door for letters.

What goes wrong is raised as Undelivered: `is_final` when the server has refused this letter for good (SMTP 5xx), so
that trying again would only annoy it. Nothing is tried again here.
"""

import os
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import HeaderParseError, MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parseaddr
from pathlib import Path
from typing import Protocol

from tieout.core.secret import Secret

TIMEOUT_SECONDS = 20
LONGEST_SUBJECT = 200


class Undelivered(Exception):
    """A letter was not taken. `is_final`: the server refused it for good; `words` are its own, or say what was met."""

    def __init__(self, words: str, is_final: bool) -> None:
        self.words, self.is_final = " ".join(words.split())[:500], is_final
        super().__init__(self.words)


@dataclass(frozen=True, slots=True)
class Letter:
    """`id` makes the Message-ID: the same letter handed over twice can be told by the receiver's server."""

    id: str
    to: str
    subject: str
    text: str
    at: datetime


class Post(Protocol):
    """A way for letters to go out; `words` says which, for people."""

    @property
    def words(self) -> str: ...

    def hand_over(self, letter: Letter) -> None:
        """Returns once the other side has taken the letter. Raises Undelivered."""


@dataclass(frozen=True, slots=True)
class Nowhere:
    """No way out was given, as in a tool that only looks: every letter stays where it is."""

    words: str = "no way for mail was given to this process"

    def hand_over(self, letter: Letter) -> None:
        raise Undelivered(self.words, is_final=False)


@dataclass(frozen=True, slots=True)
class Folder:
    """Writes letters as .eml files that any mail program opens; a letter written twice is one file."""

    path: Path
    sender: str = "Tieout <tieout@localhost>"

    @property
    def words(self) -> str:
        return f"files in {self.path}"

    def hand_over(self, letter: Letter) -> None:
        content = composed(letter, self.sender).as_bytes(policy=SMTP)
        name = f"{letter.at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{_file_part(letter.id)}.eml"
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = self.path / f".{name}"
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            draft.replace(self.path / name)
        except OSError as error:
            raise Undelivered(f"{self.path} cannot be written: {error.strerror}", is_final=False) from error


@dataclass(frozen=True, slots=True)
class Server:
    """Hands letters to an SMTP server. `security`: starttls, tls, or none where the server is this very machine.

    With TLS the server's certificate is checked against the system's authorities.
    """

    host: str
    port: int
    security: str
    sender: str
    user: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    context: Callable[[], ssl.SSLContext] = ssl.create_default_context

    @property
    def words(self) -> str:
        return f"the mail server {self.host}:{self.port}"

    def hand_over(self, letter: Letter) -> None:
        message = composed(letter, self.sender)
        try:
            with self._connected() as connection:
                if self.security == "starttls":
                    connection.starttls(context=self.context())
                if self.user:
                    connection.login(self.user, self.password.reveal())
                connection.send_message(message, parseaddr(self.sender)[1], [letter.to])
        except (OSError, smtplib.SMTPException) as error:
            raise _undelivered(error, self) from error

    def _connected(self) -> smtplib.SMTP:
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_SECONDS, context=self.context())
        return smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)


def composed(letter: Letter, sender: str) -> EmailMessage:
    """The letter as a message. Raises Undelivered, for good, for what no header can carry."""
    name, address = parseaddr(sender)
    if (
        any(not _is_one_line(part) for part in (letter.to, letter.subject, sender))
        or parseaddr(letter.to)[1] != letter.to
    ):
        raise Undelivered("the address or the subject holds what a header cannot carry", is_final=True)
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = formataddr((name, address))
        message["To"] = letter.to
        message["Subject"] = letter.subject[:LONGEST_SUBJECT]
        message["Date"] = format_datetime(letter.at)
        message["Message-ID"] = f"<{_file_part(letter.id)}@{address.rpartition('@')[2] or 'localhost'}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        message.set_content(letter.text, cte=_encoding(letter.text))
    except (ValueError, HeaderParseError, MessageError, UnicodeError) as error:
        raise Undelivered(f"the letter cannot be written: {error}", is_final=True) from error
    return message


def _undelivered(error: Exception, server: Server) -> Undelivered:
    """Refusals of this letter are final; a refused sign-in or a lost line is for whoever runs the server to mend."""
    where = server.words
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, words = next(iter(error.recipients.values()))
            return Undelivered(f"{where}: {code} {_text(words)}", is_final=code >= 500)
        case smtplib.SMTPAuthenticationError():
            return Undelivered(f"{where} refused our sign-in: {error.smtp_code} {_text(error.smtp_error)}", False)
        case smtplib.SMTPDataError():
            return Undelivered(f"{where}: {error.smtp_code} {_text(error.smtp_error)}", error.smtp_code >= 500)
        case smtplib.SMTPResponseException():
            return Undelivered(f"{where}: {error.smtp_code} {_text(error.smtp_error)}", False)
    return Undelivered(f"{where} was not reached: {error or type(error).__name__}", is_final=False)


def _encoding(text: str) -> str:
    """Plain where that is possible, so that a link in a file can be followed; RFC 5322 ends lines at 998 letters."""
    is_plain = text.isascii() and all(len(line) < 998 for line in text.splitlines())
    return "7bit" if is_plain else "quoted-printable"


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words


def _is_one_line(text: str) -> bool:
    return bool(text) and text.isprintable()


def _file_part(id: str) -> str:
    return "".join(letter for letter in id if letter.isalnum() or letter == "-") or "letter"
