"""Which kinds of personal data and secrets a text holds, by libraries' patterns and check digits.

Each kind has a form of its own, so that prose is not taken for it; nothing here guesses by how random
a text looks, asks a network, or gives out what it found.
"""

import re
from collections.abc import Callable, Iterator

from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.base import RegexBasedDetector
from detect_secrets.plugins.basic_auth import BasicAuthDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.jwt import JwtTokenDetector
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.npm import NpmDetector
from detect_secrets.plugins.openai import OpenAIDetector
from detect_secrets.plugins.private_key import PrivateKeyDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector
from linkify_it import LinkifyIt
from phonenumbers import SUPPORTED_REGIONS, Leniency, PhoneNumberMatcher
from stdnum import iban, luhn
from stdnum.us import ssn

from app.domain.sensitive import mask_of
from app.errors import InputError

WINDOW, OVERLAP = 8_000, 400  # characters looked at together: some patterns are quadratic in a line
# A detector reads a window only where one of these stands: it cannot match without.
KEYS: tuple[tuple[type[RegexBasedDetector], str, tuple[str, ...]], ...] = (
    (AWSKeyDetector, "api-key", ("AKIA", "ASIA", "ABIA", "ACCA", "A3T", "aws", "AWS")),
    (AzureStorageKeyDetector, "api-key", ("AccountKey=",)),
    (DiscordBotTokenDetector, "api-key", (".",)),
    (GitHubTokenDetector, "api-key", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")),
    (GitLabTokenDetector, "api-key", ("gl", "GR1348941")),
    (MailchimpDetector, "api-key", ("-us",)),
    (NpmDetector, "api-key", ("_authToken=",)),
    (OpenAIDetector, "api-key", ("T3BlbkFJ",)),
    (PypiTokenDetector, "api-key", ("pypi-",)),
    (SendGridDetector, "api-key", ("SG.",)),
    (SlackDetector, "api-key", ("xox", "hooks.slack.com", "XOX")),
    (SquareOAuthDetector, "api-key", ("sq0csp-",)),
    (StripeDetector, "api-key", ("k_live_",)),
    (TelegramBotTokenDetector, "api-key", (":",)),
    (TwilioKeyDetector, "api-key", ("AC", "SK")),
    (PrivateKeyDetector, "private-key", ("PRIVATE KEY", "PuTTY")),
    (JwtTokenDetector, "token", ("eyJ",)),
    (BasicAuthDetector, "password", ("://",)),
)
IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}(?![a-z])")
SSN = re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")
# Digits in one piece, or in the groups printed on cards.
CARD = re.compile(
    r"(?<![\d.,-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5})(?![\d-])"
)
# First digits and lengths that are given out, after ISO/IEC 7812 and the card companies: Visa,
# Mastercard (two ranges), American Express, Discover, Diners Club, JCB, UnionPay.
ISSUED = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
    r"|3[47]\d{13}|6(?:011|5\d\d|4[4-9]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|35(?:2[89]|[3-8]\d)\d{12}"
    r"|62\d{14,17}"
)
LEAST_IBAN = 15  # characters, of Norway's
NATIONAL = re.compile(r"(?:\d[\s().\-/]{0,3}){6}\d")
Finder = Callable[[str], bool]


class Scanner:
    """Finds the kinds in a text. With a `country` (two letters) phone numbers are also found as they
    are written there, else only with their country code. Raises InputError for an unknown country."""

    def __init__(self, country: str = "") -> None:
        self._country = country.upper() or None
        if self._country and self._country not in SUPPORTED_REGIONS:
            raise InputError(f"“{country}” is no country. Give two letters, as in US, GB or DE.")
        self._links = LinkifyIt()
        self._keys = [(plugin(), mask_of([kind]), signs) for plugin, kind, signs in KEYS]
        self._finders: list[tuple[int, Finder]] = [
            (mask_of([kind]), finder)
            for kind, finder in (
                ("email", self._has_email),
                ("phone", self._has_phone),
                ("iban", has_iban),
                ("card", has_card),
                ("ssn", has_ssn),
            )
        ]

    def kinds(self, text: str) -> int:
        """The bits of every kind that the text holds (`app.domain.sensitive`)."""
        found = 0
        for window in windows(text):
            found |= self._of_window(window, found)
        return found

    def _of_window(self, text: str, known: int) -> int:
        found = known
        for bit, finder in self._finders:
            if not found & bit and finder(text):
                found |= bit
        for plugin, bit, signs in self._keys:
            if not found & bit and any(sign in text for sign in signs):
                found |= bit if any(plugin.analyze_string(text)) else 0
        return found

    def _has_email(self, text: str) -> bool:
        if "@" not in text:
            return False
        return any(link.schema == "mailto:" for link in self._links.match(text) or ())

    def _has_phone(self, text: str) -> bool:
        if "+" in text or "＋" in text:
            found = PhoneNumberMatcher(text, None, leniency=Leniency.VALID)
            if found.has_next():
                return True
        if self._country is None or not NATIONAL.search(text):
            return False
        # In groups, and those that are usual there: other numbers of as many digits are not.
        strict = Leniency.STRICT_GROUPING
        found = PhoneNumberMatcher(text, self._country, leniency=strict)
        return any(not match.raw_string.isdigit() for match in found)


def has_iban(text: str) -> bool:
    """Whether an international bank account number stands there, its check digits right."""
    for found in IBAN.finditer(text):
        signs = found[0].replace(" ", "").replace("-", "")
        # Words in capitals may follow it without a gap that tells them apart.
        if any(iban.is_valid(signs[:end]) for end in range(len(signs), LEAST_IBAN - 1, -1)):
            return True
    return False


def has_card(text: str) -> bool:
    """Whether the number of a payment card stands there: issued digits with a right check digit."""
    for found in CARD.finditer(text):
        digits = found[0].replace(" ", "").replace("-", "")
        if ISSUED.fullmatch(digits) and luhn.is_valid(digits):
            return True
    return False


def has_ssn(text: str) -> bool:
    """Whether a US social security number stands there, written with its hyphens."""
    return any(ssn.is_valid(found[0]) for found in SSN.finditer(text))


def windows(text: str) -> Iterator[str]:
    """The text in pieces that overlap, so that what stands at an end is in the next one whole."""
    yield text[:WINDOW]
    for start in range(WINDOW - OVERLAP, len(text) - OVERLAP, WINDOW - OVERLAP):
        yield text[start : start + WINDOW]
