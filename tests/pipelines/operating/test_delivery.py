"""Events arrive at a real webhook and a real mail server; what goes wrong is told without the address."""

import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from components.core.errors import CasebookError
from components.core.params.operate import Notify
from pipelines.operating.delivery import deliver
from pipelines.operating.events import Event, event
from tests.pipelines.operating.receivers import (
    PASSWORD,
    SECRET,
    Hook,
    Mailbox,
    certificate,
    mailbox,
    server_side,
    webhook,
)
from tests.postgres import free_port

WEBHOOK, EMAIL = Notify(kind="webhook", variable="TEAM_HOOK"), Notify(kind="email", variable="TEAM_MAIL")
LOGIN = f"casebook:{quote(PASSWORD, safe='')}@"
PEOPLE = "from=casebook@example.org&to=ann@example.org,bo@example.org"


@pytest.fixture
def told() -> Event:
    return event("drift", "toy", "1", "toy: Größe has\ndrifted", ["Income (PSI 0.31)"])


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    with webhook() as made:
        monkeypatch.setenv("TEAM_HOOK", made.address)
        yield made


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"))


def refused(where: Notify, told: Event, caplog: pytest.LogCaptureFixture) -> str:
    """The message, which like the log has nothing of the address."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(CasebookError) as found:
        deliver(where, told)
    log = [one.getMessage() for one in caplog.records if one.name != "mail.log"]  # the mail server's own
    words = " ".join([str(found.value), str(found.value.__cause__), *log])
    assert not [secret for secret in (SECRET, "example.org", "services", "casebook:") if secret in words]
    assert found.value.__context__ is None or found.value.__suppress_context__
    return str(found.value)


def test_a_webhook_gets_json(hook: Hook, told: Event) -> None:
    deliver(WEBHOOK, told)
    assert hook.types == ["application/json"]
    assert hook.got == [
        {
            "id": told.id,
            "kind": "drift",
            "case": "toy",
            "time": told.time,
            "text": "toy: Größe has drifted",
            "details": ["Income (PSI 0.31)"],
        }
    ]
    assert told.id == event("drift", "toy", "1", "other words").id != event("drift", "toy", "2", "").id


def test_a_webhook_that_starts_again_is_asked_again(hook: Hook, told: Event) -> None:
    hook.answers += [503]
    deliver(WEBHOOK, told)
    assert len(hook.got) == 1


@pytest.mark.parametrize("code", [404, 302, 500])
def test_a_webhook_that_does_not_take_it_is_told(
    hook: Hook, told: Event, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    hook.answers += [code]
    assert refused(WEBHOOK, told, caplog) == f"the webhook of TEAM_HOOK answered {code}"
    assert hook.got == []


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("", "TEAM_HOOK is not set: it holds the address of the webhook"),
        (f"ftp://{SECRET}", "the webhook of TEAM_HOOK has no address that begins with https:// or http://"),
        (f"http://u:{SECRET}@:0x/", "the webhook of TEAM_HOOK cannot be asked (InvalidURL)"),
        (f"http://u:{SECRET}@127.0.0.1:{{port}}/services", "the webhook of TEAM_HOOK cannot be reached (NewConnec"),
    ],
)
def test_an_address_that_leads_nowhere(
    address: str, problem: str, told: Event, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TEAM_HOOK", address.format(port=free_port()))
    monkeypatch.setattr("pipelines.operating.delivery.RETRY", 0)
    assert refused(WEBHOOK, told, caplog).startswith(problem)


def check_mail(box: Mailbox, told: Event) -> None:
    (mail,) = box.got
    assert box.receivers == [["ann@example.org", "bo@example.org"]]
    assert (mail["From"], mail["To"]) == ("casebook@example.org", "ann@example.org, bo@example.org")
    assert mail["Subject"] == "Casebook: toy: Größe has drifted"
    assert mail["Message-ID"] == f"<{told.id}@casebook>"
    text = mail.get_content().replace("\r\n", "\n")
    assert text.startswith("toy: Größe has drifted\n\nIncome (PSI 0.31)\n")


def test_a_mail_by_tls(told: Event, pem: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with mailbox(tls=server_side(pem)) as box:
        monkeypatch.setenv("TEAM_MAIL", f"smtps://localhost:{box.port}/?{PEOPLE}")
        deliver(EMAIL, told)
    check_mail(box, told)


def test_a_mail_by_starttls_with_a_login(told: Event, pem: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with mailbox(starttls=server_side(pem)) as box:
        monkeypatch.setenv("TEAM_MAIL", f"smtp://{LOGIN}localhost:{box.port}/?{PEOPLE}")
        deliver(EMAIL, told)
    assert box.logins == [("casebook", PASSWORD)]
    check_mail(box, told)


def test_a_certificate_that_nobody_vouches_for_gets_nothing(
    told: Event, pem: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with mailbox(starttls=server_side(pem)) as box:
        monkeypatch.setenv("TEAM_MAIL", f"smtp://{LOGIN}localhost:{box.port}/?{PEOPLE}")
        problem = refused(EMAIL, told, caplog)
    assert problem == "the email of TEAM_MAIL cannot be reached (CERTIFICATE_VERIFY_FAILED)"
    assert box.got == box.logins == []


def test_a_server_on_this_machine_may_have_no_tls(told: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    with mailbox() as box:
        monkeypatch.setenv("TEAM_MAIL", f"smtp://127.0.0.1:{box.port}/?{PEOPLE}")
        deliver(EMAIL, told)
    check_mail(box, told)


def test_what_a_mail_server_refuses(
    told: Event, pem: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with mailbox(starttls=server_side(pem)) as box:
        monkeypatch.setenv("TEAM_MAIL", f"smtp://casebook:{SECRET}@localhost:{box.port}/?{PEOPLE}")
        assert refused(EMAIL, told, caplog) == "the email of TEAM_MAIL refuses the user or the password (535)"
        monkeypatch.setenv("TEAM_MAIL", f"smtp://localhost:{box.port}/?{PEOPLE}")
        assert refused(EMAIL, told, caplog) == "the email of TEAM_MAIL refuses the sender (from=) (530)"
    with mailbox() as box:
        monkeypatch.setenv("TEAM_MAIL", f"smtp://127.0.0.1:{box.port}/?{PEOPLE}")
        box.refuses = {"ann@example.org"}
        assert refused(EMAIL, told, caplog) == "the email of TEAM_MAIL refuses 1 of 2 receivers (to=)"
        box.refuses = {"ann@example.org", "bo@example.org"}
        assert refused(EMAIL, told, caplog) == "the email of TEAM_MAIL refuses the receivers (to=): 550"
    assert refused(EMAIL, told, caplog) == "the email of TEAM_MAIL cannot be reached (Connection refused)"


@pytest.mark.parametrize(
    "address",
    [
        f"https://{SECRET}.example.org",
        f"smtps://u:{SECRET}@host",
        f"smtps://u:{SECRET}@host/?from=a@example.org",
        f"smtps://u:{SECRET}@host/?to=a@example.org",
        f"smtps://u:{SECRET}@host:x/?{PEOPLE}",
        f"smtps:{SECRET}",
        f"smtps://[{SECRET}/?{PEOPLE}",
    ],
)
def test_what_is_no_address_of_a_mail_server(
    address: str, told: Event, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TEAM_MAIL", address)
    assert refused(EMAIL, told, caplog).startswith("the email of TEAM_MAIL has no address like smtps://USER:PASSWORD@")
