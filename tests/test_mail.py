"""One letter out: into a file, or to a server on a real socket that answers as servers do."""

import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.conftest import START
from tieout.core.secret import Secret
from tieout.mail import Folder, Letter, Server, Undelivered

LETTER = Letter(
    "letter-1", "bob@example.com", "Prove your address", "Open this:\n\nhttp://localhost/verify?token=x\n", START
)


@dataclass
class Desk:
    """A mail server: what it was told, and the answers that a test gives in the place of its own."""

    port: int = 0
    heard: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    def message(self) -> EmailMessage:
        found = message_from_bytes(self.bodies[-1], policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found


@contextmanager
def desk(tls: ssl.SSLContext | None = None) -> Iterator[Desk]:
    state = Desk()

    class Speaker(socketserver.StreamRequestHandler):
        def say(self, words: str) -> None:
            self.wfile.write(words.encode() + b"\r\n")

        def handle(self) -> None:
            self.say("220 desk.example")
            while line := self.rfile.readline().decode().strip():
                state.heard.append(line)
                verb = line.split()[0].upper()
                if verb in state.answers:
                    self.say(state.answers[verb])
                elif verb == "EHLO":
                    self.say("250-desk.example\r\n250 AUTH PLAIN")
                elif verb == "DATA":
                    self.say("354 go on")
                    lines = list(iter(self.rfile.readline, b".\r\n"))
                    state.bodies.append(b"".join(lines))
                    self.say(state.answers.get("BODY", "250 taken"))
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("235 welcome" if verb == "AUTH" else "250 ok")

    class Listener(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def get_request(self) -> tuple[socket.socket, Any]:
            connection, address = super().get_request()
            return (tls.wrap_socket(connection, server_side=True) if tls else connection), address

    with Listener(("127.0.0.1", 0), Speaker) as listener:
        state.port = listener.server_address[1]
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield state
        listener.shutdown()
        thread.join()


def server(port: int, **more: Any) -> Server:
    return Server("127.0.0.1", port, "none", "Tieout <books@example.com>", **more)


def test_a_letter_reaches_the_server_with_its_headers_and_our_sign_in() -> None:
    with desk() as there:
        server(there.port, user="books", password=Secret("s3cret")).hand_over(LETTER)
        server(there.port, user="books", password=Secret("s3cret")).hand_over(LETTER)
    assert "AUTH PLAIN AGJvb2tzAHMzY3JldA==" in there.heard
    assert "mail FROM:<books@example.com>" in [line.split(" size")[0] for line in there.heard]
    assert "rcpt TO:<bob@example.com>" in there.heard
    found = there.message()
    assert (found["From"], found["To"]) == ("Tieout <books@example.com>", "bob@example.com")
    assert found["Subject"] == "Prove your address" and found["Auto-Submitted"] == "auto-generated"
    assert found["Message-ID"] == "<letter-1@example.com>", "handed over twice, it can be told"
    assert there.bodies[0] == there.bodies[1]
    assert b"http://localhost/verify?token=x" in there.bodies[0], "a link is whole in the letter as it is sent"


@pytest.mark.parametrize(
    ("verb", "answer", "is_final"),
    [
        ("RCPT", "550 no such person here", True),
        ("RCPT", "451 try later", False),
        ("BODY", "554 looks like spam", True),
        ("BODY", "452 disk full", False),
        ("AUTH", "535 wrong password", False),
        ("MAIL", "421 too busy", False),
    ],
)
def test_what_the_server_refuses_says_whether_to_try_again(verb: str, answer: str, is_final: bool) -> None:
    with desk() as there:
        there.answers[verb] = answer
        with pytest.raises(Undelivered, match=answer[4:]) as refused:
            server(there.port, user="books", password=Secret("s3cret")).hand_over(LETTER)
    assert refused.value.is_final is is_final and "s3cret" not in str(refused.value)


def test_nobody_there_or_no_encryption_is_tried_again_and_nothing_is_sent_in_clear() -> None:
    with desk() as there:
        with pytest.raises(Undelivered, match=r"not reached|not supported") as refused:
            replace(server(there.port), security="starttls").hand_over(LETTER)
        gone = there.port
    assert not refused.value.is_final and there.bodies == []
    with pytest.raises(Undelivered, match="was not reached") as alone:
        server(gone).hand_over(LETTER)
    assert not alone.value.is_final


def certificate(folder: Path) -> Path:
    """Of 127.0.0.1, signed by nobody that anybody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk.example")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / "desk.pem"
    path.write_bytes(secret + made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    return path


def test_over_tls_the_server_has_to_prove_its_name(tmp_path: Path) -> None:
    path = certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    with desk(tls) as there:
        secured = replace(server(there.port), security="tls")
        with pytest.raises(Undelivered, match="CERTIFICATE_VERIFY_FAILED") as refused:
            secured.hand_over(LETTER)
        assert not refused.value.is_final and there.heard == []
        replace(secured, context=lambda: ssl.create_default_context(cafile=str(path))).hand_over(LETTER)
    assert there.message()["To"] == "bob@example.com"


def test_headers_cannot_be_slipped_in(tmp_path: Path) -> None:
    wrong = (
        replace(LETTER, to="bob@example.com\r\nBcc: eve@example.com"),
        replace(LETTER, to="bob@example.com, eve@example.com"),
        replace(LETTER, to=""),
        replace(LETTER, subject="Hello\nBcc: eve@example.com"),
    )
    for letter in wrong:
        with pytest.raises(Undelivered) as refused:
            Folder(tmp_path / "mail").hand_over(letter)
        assert refused.value.is_final
    assert list(tmp_path.rglob("*.eml")) == []


def test_without_a_server_a_letter_is_a_file_for_its_owner_only(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "mail")
    folder.hand_over(replace(LETTER, text="Grüße, Zoë\n", subject="Für Zoë"))
    folder.hand_over(replace(LETTER, text="Grüße, Zoë\n", subject="Für Zoë"))
    (file,) = (tmp_path / "mail").iterdir()
    assert file.name == "20261102T090000Z-letter-1.eml" and file.stat().st_mode & 0o777 == 0o600
    found = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert isinstance(found, EmailMessage)
    assert found["Subject"] == "Für Zoë" and found.get_content().strip() == "Grüße, Zoë"


def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file where the folder should be")
    with pytest.raises(Undelivered, match="cannot be written") as refused:
        Folder(tmp_path / "mail").hand_over(LETTER)
    assert not refused.value.is_final
