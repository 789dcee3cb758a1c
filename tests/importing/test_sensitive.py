"""What a scan finds in a text, what it leaves alone, and what it stays away from by design."""

import pytest

from app.domain.sensitive import KINDS, kinds_of, mask_of
from app.errors import InputError
from app.importing.scan_worker import every_text
from app.importing.sensitive import KEYS, OVERLAP, WINDOW, Scanner, windows

JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0."
    "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
)
HOLDS = [
    ("email", "please write to jane.doe@example.com, thanks"),
    ("phone", "call me on +1 650-253-0000 after five"),
    ("iban", "IBAN DE89 3704 0044 0532 0130 00 IN CAPITALS"),
    ("iban", "pay to GB82WEST12345698765432."),
    ("card", "my card 4111 1111 1111 1111 does not work"),
    ("card", "378282246310005"),
    ("ssn", "social security 219-09-9998"),
    ("api-key", "aws AKIAIOSFODNN7EXAMPLE"),
    ("api-key", "token ghp_" + "a1B2" * 9),
    ("api-key", "STRIPE=sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dc"),
    ("private-key", "-----BEGIN RSA PRIVATE KEY-----\nMIIE"),
    ("token", f"Authorization: Bearer {JWT}"),
    ("password", "postgres://bob:hunter2@db.internal/x"),
]
CLEAN = [
    "My order 6502530000 from 2024-01-02 12:30:45 costs 1,234.56, case 123-456-7890.",
    "4111 1111 1111 1112 has a wrong check digit, and 1234567890123 is not issued by anyone.",
    "Pi is 3.14159265358979; the ISBN is 978-3-16-148410-0, the barcode 4006381333931.",
    "THE APARTMENTS AND APPEARANCES ARE NICE. DE89 3704 0044 0532 0130 01 IS NO ACCOUNT.",
    "Use @decorator on user@host, see https://example.com/a:b and version 1.2.3.4.",
    "hash d41d8cd98f00b204e9800998ecf8427e, id 3f2504e0-4f89-41d3-9a0c-0305e82c3301, sk-learn",
    "1+2=3 and a+b, 100+200+300+400, 219-09-99989, my password is hunter2",
]


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner()


@pytest.mark.parametrize(("kind", "text"), HOLDS)
def test_each_kind_is_found_and_nothing_else(scanner: Scanner, kind: str, text: str) -> None:
    assert kinds_of(scanner.kinds(text)) == [kind]


@pytest.mark.parametrize("text", CLEAN)
def test_prose_and_numbers_are_left_alone(scanner: Scanner, text: str) -> None:
    assert kinds_of(scanner.kinds(text)) == []


def test_a_country_adds_its_phone_numbers_but_not_any_digits() -> None:
    text, american = "call (650) 253-0000 today", Scanner("us")
    assert kinds_of(Scanner().kinds(text)) == []
    assert kinds_of(american.kinds(text)) == ["phone"]
    assert kinds_of(american.kinds(CLEAN[0].replace("123-456-7890", "6502530001"))) == []
    with pytest.raises(InputError, match="no country"):
        Scanner("Narnia")


def test_several_kinds_in_a_long_text_are_found_where_windows_meet(scanner: Scanner) -> None:
    for at in (WINDOW - 10, WINDOW - OVERLAP - 10, 3 * WINDOW):
        text = "word " * (at // 5) + " jane.doe@example.com and 4111111111111111 " + "word " * 900
        assert kinds_of(scanner.kinds(text)) == ["email", "card"]
    assert "".join(p if i == 0 else p[OVERLAP:] for i, p in enumerate(windows("ab" * 9_999))) == (
        "ab" * 9_999
    )


def test_every_kind_has_a_detector_and_a_bit_of_its_own() -> None:
    assert {kind for kind, _ in HOLDS} == set(KINDS)
    assert {kind for _, kind, _ in KEYS} == {k for k, v in KINDS.items() if v.group == "secret"}
    assert len({kind.bit for kind in KINDS.values()}) == len(KINDS)
    assert kinds_of(mask_of(["personal"])) == ["email", "phone", "iban", "card", "ssn"]
    assert mask_of(["any"]) == mask_of(["personal", "secret"])


def test_all_texts_of_a_record_are_looked_at() -> None:
    values = ['[{"role":"user","content":"a"}]', '{"b":["c",{"d":4}],"e":null,"f":true}', '"g"']
    assert sorted(every_text(values).split("\n")) == ["4", "a", "c", "g", "user"]
