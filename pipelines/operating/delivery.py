"""An event on its way to a webhook or a mailbox. What goes wrong is told without the address, which is a secret."""

import logging
import os
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from components.core.errors import CasebookError
from components.core.params.operate import Notify
from pipelines.operating.events import Event

SECONDS = 10.0  # for a connection, and for each answer
# A receiver that is about to start again is asked again after 0, 2 and 4 seconds; one that has the event and does not
# answer in time is not.
RETRY = Retry(
    3, read=0, backoff_factor=1, status_forcelist=[429, 502, 503, 504], allowed_methods=None, raise_on_status=False
)
PORTS = {"smtp": 587, "smtps": 465}
LONGEST_SUBJECT = 200
# What urllib3 says of an attempt names the path of the address, in which webhooks keep their secret.
TALKATIVE = ("urllib3.connectionpool", "urllib3.util.retry")
# By what a mail server has refused.
REFUSED: dict[type[smtplib.SMTPException], str] = {
    smtplib.SMTPAuthenticationError: "refuses the user or the password",
    smtplib.SMTPSenderRefused: "refuses the sender (from=)",
    smtplib.SMTPDataError: "refuses the message",
    smtplib.SMTPConnectError: "refuses the connection",
    smtplib.SMTPHeloError: "refuses the greeting",
}
BROKEN = "breaks off, or is no mail server"


def deliver(where: Notify, told: Event) -> None:
    """Hand an event over.

    Raises:
        CasebookError: the variable is not set or holds no such address, or the receiver did not take it.
    """
    address = os.environ.get(where.variable)
    if not address:
        raise CasebookError(f"{where.variable} is not set: it holds the address of the {where.kind}")
    try:
        (_post if where.kind == "webhook" else _mail)(address, told)
    except CasebookError as error:
        raise CasebookError(f"the {where.kind} of {where.variable} {error}") from None


def _post(address: str, told: Event) -> None:
    if _split(address).scheme not in ("http", "https"):
        raise CasebookError("has no address that begins with https:// or http://")
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=RETRY))
    try:
        with session, _without_addresses():
            answer = session.post(address, json=told.as_json(), timeout=SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        raise CasebookError(_of_request(error)) from None
    if not 200 <= answer.status_code < 300:
        raise CasebookError(f"answered {answer.status_code}")


def _of_request(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return f"gave no answer within {SECONDS:g} seconds"
    if isinstance(error, requests.exceptions.SSLError):
        return "shows a certificate that this machine does not trust"
    if isinstance(error, requests.ConnectionError):
        reason = getattr(error.args[0] if error.args else None, "reason", None)
        return f"cannot be reached ({type(reason or error).__name__})"
    return f"cannot be asked ({type(error).__name__})"


@contextmanager
def _without_addresses() -> Iterator[None]:
    before = {name: logging.getLogger(name).level for name in TALKATIVE}
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def _mail(address: str, told: Event) -> None:
    parts = _split(address)
    sender, receivers = _people(parts)
    try:
        with _connected(parts) as server:
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            refused = server.send_message(_message(told, sender, receivers), sender, receivers)
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        raise CasebookError(f"refuses the receivers (to=): {', '.join(map(str, codes))}") from None
    except smtplib.SMTPException as error:
        raise CasebookError(_of_mail(error)) from None
    except (OSError, ValueError) as error:  # a ValueError is of a name that no host and no mailbox can have
        raise CasebookError(f"cannot be reached ({_reason(error)})") from None
    if refused:
        raise CasebookError(f"refuses {len(refused)} of {len(receivers)} receivers (to=)")


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:  # of an IPv6 address half of the brackets
        return urlsplit("")


def _people(parts: SplitResult) -> tuple[str, list[str]]:
    """Sender and receivers.

    Raises:
        CasebookError: the address is none of a mail server, or does not name both.
    """
    try:
        whole = parts.scheme in PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is no number
        whole = False
    query = parse_qs(parts.query)
    receivers = [one.strip() for text in query.get("to", []) for one in text.split(",") if one.strip()]
    senders = [one.strip() for one in query.get("from", [])]
    if not whole or len(senders) != 1 or not receivers:
        raise CasebookError("has no address like smtps://USER:PASSWORD@HOST:465/?from=ADDRESS&to=ADDRESS,ADDRESS")
    return senders[0], receivers


def _connected(parts: SplitResult) -> smtplib.SMTP:
    """Nothing goes to another machine unencrypted: neither the password nor the message."""
    host, port, context = str(parts.hostname), parts.port or PORTS[parts.scheme], ssl.create_default_context()
    if parts.scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=context)
    server = smtplib.SMTP(host, port, timeout=SECONDS)
    try:
        server.ehlo_or_helo_if_needed()
        if server.has_extn("starttls"):
            server.starttls(context=context)
        elif not _is_here(host):
            raise CasebookError("offers no encryption (STARTTLS)")
    except BaseException:
        server.close()
        raise
    return server


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _message(told: Event, sender: str, receivers: list[str]) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = sender, ", ".join(receivers)
    message["Subject"] = f"Casebook: {told.text}"[:LONGEST_SUBJECT]
    message["Date"] = format_datetime(datetime.fromisoformat(told.time))
    message["Message-ID"] = f"<{told.id}@casebook>"
    message["Auto-Submitted"] = "auto-generated"  # no out-of-office reply to it
    message.set_content("\n".join([told.text, "", *told.details, "", f"{told.kind}, {told.time}, {told.id}", ""]))
    return message


def _of_mail(error: smtplib.SMTPException) -> str:
    code = getattr(error, "smtp_code", None)
    told = next(
        (words for kind, words in REFUSED.items() if isinstance(error, kind)), "breaks off, or is no mail server"
    )
    return told if code is None else f"{told} ({code})"


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {SECONDS:g} seconds"
    if isinstance(error, ssl.SSLError):
        return str(error.reason or "no TLS")
    return getattr(error, "strerror", None) or type(error).__name__
