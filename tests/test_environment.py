"""Every setting has a default that works, and every wrong one is named with what to do, all of them at once."""

from pathlib import Path

import pytest

from tieout import environment
from tieout.environment import SETTINGS, Environment, SettingsError, app_settings, read


def environ(folder: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(folder), "PATH": "/bin"} | more


URLS = {"login": "https://login.example", "identity": "https://identity.example", "api": "https://api.example"}
PLATFORMS = {"sage": URLS, "xero": URLS}
CHANNELS = {"bazaar": {"api": "https://bazaar.example", "eu": "https://eu.bazaar.example"}}


def settings(folder: Path, **more: str) -> Environment:
    return read(environ(folder, **more), PLATFORMS, CHANNELS)


def faults(folder: Path, **more: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        settings(folder, **more)
    return caught.value.faults


def test_nothing_needs_to_be_set(tmp_path: Path) -> None:
    found = settings(tmp_path)
    data = tmp_path / ".local" / "share" / "tieout"
    assert found.data == data and data.stat().st_mode & 0o777 == 0o700
    assert found.database_url == f"sqlite:///{data}/app.db" and found.is_sqlite
    assert found.jobs_url == f"sqlite:///{data}/jobs.db"
    assert (found.host, found.port, found.url) == ("127.0.0.1", 8080, "http://localhost:8080")
    assert found.upload_limit_bytes == 256 * 1024 * 1024
    assert found.platforms == {} and found.log_level == "info"


def test_those_who_vouch_use_the_platforms_app_and_are_known_by_their_issuer(tmp_path: Path) -> None:
    google_urls = {"issuer": "https://g.example", "discovery": "https://g.example/d"}
    vouch = {"google": google_urls, "xero": {"issuer": "https://x"}}

    def found(**more: str) -> dict[str, tuple[str, dict[str, str]]]:
        told = read(environ(tmp_path, **more), PLATFORMS, CHANNELS, vouch).vouching
        return {name: (app.client_id, dict(app.urls)) for name, app in told.items()}

    xero = {"TIEOUT_XERO_CLIENT_ID": "x", "TIEOUT_XERO_CLIENT_SECRET": "s"}
    google = {"TIEOUT_GOOGLE_CLIENT_ID": "g", "TIEOUT_GOOGLE_CLIENT_SECRET": "s"}
    assert found() == {}
    assert found(**xero, **google) == {"google": ("g", {}), "xero": ("x", {})}
    assert found(**google, TIEOUT_GOOGLE_ISSUER_URL="https://own.example") == {
        "google": ("g", {"issuer": "https://own.example"})
    }
    elsewhere = xero | {"TIEOUT_XERO_API_URL": "http://localhost:8090"}
    assert found(**elsewhere) == {}, "a stand-in of the books vouches for nobody"
    there = "http://localhost:8093/xero"
    assert found(**elsewhere, TIEOUT_XERO_ISSUER_URL=there) == {"xero": ("x", {"issuer": there})}


def test_the_key_is_made_outside_the_data_folder(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert found.master_key_may_be_made
    assert found.master_key == tmp_path / ".config" / "tieout" / "master.key"
    assert not found.master_key.is_relative_to(found.data)


def test_the_usual_folders_of_the_system_are_used(tmp_path: Path) -> None:
    found = settings(tmp_path, XDG_DATA_HOME=str(tmp_path / "d"), XDG_CONFIG_HOME=str(tmp_path / "c"))
    assert found.data == tmp_path / "d" / "tieout"
    assert found.master_key == tmp_path / "c" / "tieout" / "master.key"


def test_everything_can_be_set(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    (tmp_path / "key").write_text("k")
    found = settings(
        tmp_path,
        TIEOUT_DATA=str(tmp_path / "data"),
        TIEOUT_DATABASE_URL="postgresql://anna:pw@db/books",
        TIEOUT_MASTER_KEY_FILE=str(tmp_path / "key"),
        TIEOUT_URL="https://books.example.com/",
        TIEOUT_HOST="0.0.0.0",
        TIEOUT_PORT="9000",
        TIEOUT_UPLOAD_LIMIT_MB="1",
        TIEOUT_LOG_LEVEL="DEBUG",
        TIEOUT_XERO_CLIENT_ID="id",
        TIEOUT_XERO_CLIENT_SECRET_FILE=str(tmp_path / "secret"),
        TIEOUT_XERO_API_URL="http://127.0.0.1:9001/",
    )
    assert found.database_url == found.jobs_url == "postgresql+psycopg://anna:pw@db/books" and not found.is_sqlite
    assert found.master_key == tmp_path / "key" and not found.master_key_may_be_made
    assert (found.url, found.host, found.port, found.log_level) == (
        "https://books.example.com",
        "0.0.0.0",
        9000,
        "debug",
    )
    assert found.upload_limit_bytes == 1024 * 1024
    app = found.platforms["xero"]
    assert (app.client_id, app.client_secret, app.urls) == ("id", "s3cret", {"api": "http://127.0.0.1:9001"})
    assert "s3cret" not in repr(found) and ":pw@" not in repr(found)


def test_a_credential_of_systemd_is_taken_and_a_named_file_wins_over_it(tmp_path: Path) -> None:
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "tieout-master-key").write_text("k")
    (tmp_path / "key").write_text("k")
    folder = {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}
    assert settings(tmp_path, **folder).master_key == tmp_path / "credentials" / "tieout-master-key"
    assert not settings(tmp_path, **folder).master_key_may_be_made
    assert settings(tmp_path, **folder, TIEOUT_MASTER_KEY_FILE=str(tmp_path / "key")).master_key == tmp_path / "key"


def test_a_channel_can_be_asked_without_an_app_of_ours_and_reached_elsewhere(tmp_path: Path) -> None:
    assert settings(tmp_path).channels["bazaar"].client_id == ""
    found = settings(tmp_path, TIEOUT_BAZAAR_EU_URL="http://127.0.0.1:9/").channels["bazaar"]
    assert (found.client_id, found.urls) == ("", {"eu": "http://127.0.0.1:9"})
    app = settings(tmp_path, TIEOUT_BAZAAR_CLIENT_ID="id", TIEOUT_BAZAAR_CLIENT_SECRET="s").channels["bazaar"]
    assert (app.client_id, app.client_secret, app.urls) == ("id", "s", {})


def test_an_empty_variable_counts_as_none(tmp_path: Path) -> None:
    assert settings(tmp_path, TIEOUT_PORT="", TIEOUT_XERO_CLIENT_ID=" ").port == 8080


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORT", "eighty", "not a whole number from 0 to 65535"),
        ("PORT", "70000", "not a whole number"),
        ("PORT", "-1", "not a whole number"),
        ("PORT", "٨", "not a whole number"),
        ("UPLOAD_LIMIT_MB", "0", "from 1 to 10240"),
        ("LOG_LEVEL", "loud", "debug, info, warning, error"),
        ("URL", "books.example.com", "not a web address"),
        ("URL", "ftp://example.com", "not a web address"),
        ("URL", "https://", "not a web address"),
        ("URL", "https://example.com:port", "not a web address"),
        ("URL", "https://example.com/?q=1", "not a web address"),
        ("URL", "http://books.example.com", "use https for books.example.com"),
        ("URL", "https://anna:pw@example.com", "leave them out"),
        ("DATABASE_URL", "mysql://x/y", "no address of a database"),
        ("DATABASE_URL", "sqlite:///", "no address of a database"),
        ("DATABASE_URL", "sqlite:///:memory:", "no address of a database"),
        ("DATABASE_URL", "sqlite:////somewhere/jobs.db", "the file of the job engine"),
        ("DATABASE_URL", "postgresql://anna@host", "names no database"),
        ("MASTER_KEY_FILE", "/nowhere/key", "which is not there"),
        ("XERO_CLIENT_ID", "id", "is set without its secret"),
        ("XERO_CLIENT_SECRET", "secret", "is set without its id"),
        ("URL", "https://anna:pw@example.com:port", "with a password in it, not a web address"),
        ("SAGE_LOGIN_URL", "nope", "not a web address"),
        ("BAZAAR_CLIENT_ID", "id", "is set without its secret"),
        ("BAZAAR_API_URL", "http://bazaar.example", "use https for bazaar.example"),
        ("BAZAAR_LOGIN_URL", "https://bazaar.example", "is no setting of Tieout"),
        ("DATA", "/proc/tieout", "cannot be written"),
        ("PROT", "80", "did you mean TIEOUT_PORT?"),
        ("SOMETHING_ELSE_ENTIRELY", "1", "is no setting of Tieout"),
        ("QUICKBOOKS_CLIENT_ID", "id", "is no setting of Tieout"),
    ],
)
def test_each_wrong_setting_is_named_with_what_to_do(tmp_path: Path, name: str, value: str, words: str) -> None:
    found = faults(tmp_path, **{f"TIEOUT_{name}": value})
    assert len(found) == 1, found
    assert found[0].startswith(f"TIEOUT_{name}") and words in found[0] and ": " in found[0]
    assert "pw" not in found[0]


def test_a_secret_in_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, TIEOUT_XERO_CLIENT_ID="id", TIEOUT_XERO_CLIENT_SECRET_FILE="/nowhere/secret")
    assert "TIEOUT_XERO_CLIENT_SECRET_FILE names /nowhere/secret, which cannot be read (No such file" in found


def test_a_secret_never_stands_in_a_fault(tmp_path: Path) -> None:
    wrong = {"TIEOUT_XERO_CLIENT_SECRET": "canary-1", "TIEOUT_DATABASE_URL": "mysql://anna:canary-2@h/n"}
    assert "canary" not in "\n".join(faults(tmp_path, **wrong))


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    found = faults(
        tmp_path,
        TIEOUT_PORT="x",
        TIEOUT_URL="y",
        TIEOUT_XERO_CLIENT_ID="id",
        TIEOUT_XERO_CLIENT_SECRET="s",
        TIEOUT_XERO_CLIENT_SECRET_FILE=str(tmp_path / "secret"),
        TIEOUT_NOTHING="z",
    )
    assert len(found) == 4


def test_a_key_inside_the_data_folder_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "key").write_text("k")
    for path in (data / "key", data / "sub" / ".." / "key"):
        (found,) = faults(tmp_path, TIEOUT_DATA=str(data), TIEOUT_MASTER_KEY_FILE=str(path))
        assert "lies inside the data folder" in found


def test_the_tables_of_settings_name_every_variable_that_is_read_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = environment._Reader(environ(tmp_path))
    monkeypatch.setattr(environment, "_Reader", lambda _environ: reader)
    settings(tmp_path)
    both = PLATFORMS | CHANNELS
    of_apps = {f"{name.upper()}_{each.name}" for name, urls in both.items() for each in app_settings(urls)}
    assert reader.known == {f"TIEOUT_{name}" for name in {each.name for each in SETTINGS} | of_apps}
    assert "TIEOUT_BAZAAR_EU_URL" in reader.known and "TIEOUT_SAGE_EU_URL" not in reader.known


def test_the_default_of_the_data_folder_is_the_one_the_table_names(tmp_path: Path) -> None:
    named = next(each.default for each in SETTINGS if each.name == "DATA")
    assert settings(tmp_path).data == tmp_path / named.removeprefix("~/")


def test_a_mail_server_is_set_whole_and_its_password_may_stand_in_a_file(tmp_path: Path) -> None:
    assert settings(tmp_path).smtp == environment.SmtpSettings()
    (tmp_path / "secret").write_text("s3cret\n")
    found = settings(
        tmp_path,
        TIEOUT_SMTP_HOST="mail.example.com",
        TIEOUT_SMTP_PORT="465",
        TIEOUT_SMTP_SECURITY="TLS",
        TIEOUT_SMTP_USER="books",
        TIEOUT_SMTP_PASSWORD_FILE=str(tmp_path / "secret"),
        TIEOUT_SMTP_FROM="Tieout <books@example.com>",
    ).smtp
    assert (found.host, found.port, found.security) == ("mail.example.com", 465, "tls")
    assert (found.user, found.password, found.sender) == ("books", "s3cret", "Tieout <books@example.com>")
    assert "s3cret" not in repr(found)


def test_every_fault_of_a_mail_server_is_told_with_what_to_do(tmp_path: Path) -> None:
    found = "\n".join(
        faults(
            tmp_path,
            TIEOUT_SMTP_HOST="mail.example.com",
            TIEOUT_SMTP_SECURITY="none",
            TIEOUT_SMTP_PORT="smtp",
            TIEOUT_SMTP_USER="books",
        )
    )
    for told in (
        "TIEOUT_SMTP_PORT is 'smtp', not a whole number",
        "TIEOUT_SMTP_HOST is set without a sender: set TIEOUT_SMTP_FROM as well",
        "TIEOUT_SMTP_SECURITY is none, and mail.example.com is another machine: use starttls or tls",
        "TIEOUT_SMTP_PASSWORD is missing",
    ):
        assert told in found
    assert "not a sender" in faults(tmp_path, TIEOUT_SMTP_FROM="Tieout")[0]
