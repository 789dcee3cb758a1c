"""Texts that no user would write: refusals of a model, and openers of an assistant or a form."""

import re

_SORRY = r"""
    (?:i['’]?m|i\ am|we['’]re|we\ are)?\ ?(?:very\ |so\ |really\ )?(?:sorry|afraid)
    |i\ apologi[sz]e|my\ apologies|unfortunately
"""
_UNABLE = r"""
    (?:i|we)(?:['’]m|\ am|['’]re|\ are)?\ ?
    (?:can['’]?t|cannot|can\ not|won['’]t|will\ not|unable\ to|not\ able\ to|not\ comfortable)
"""
_WORK = r"""
    help\ (?:you|with)\b|help[.!]|assist|comply|fulfil
    |(?:creat|writ|provid|generat|produc|continu)\w*\ (?:this|that|such|these|content)
    |do\ (?:this|that)|with\ (?:this|that)
"""
# What a user says is kept: «I'm sorry, I can't find my card» is no refusal.
_REFUSAL = re.compile(
    rf"""
    ^\W*(?:(?:{_SORRY})\b[^.!?\n]{{0,60}}?\b)?(?:{_UNABLE})\ +(?:\w+\ )?(?:{_WORK})
    |^\W*as\ an?\ (?:ai|artificial|large\ language|language\ model|assistant)\b
    |\bagainst\ my\ (?:guidelines|programming|policy|policies)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_WHOLE = re.compile(
    rf"\b(?:{_SORRY})\b|{_UNABLE}|\bas\ an?\ (?:ai|language\ model)\b", re.IGNORECASE | re.VERBOSE
)
_OPENER = re.compile(
    r"""
    ^\W*(?:
        (?:sure|certainly|of\ course|absolutely|great\ question)\ ?
            (?:!|[,.:]\s*(?:here|below|i\ can|i['’]d\ be|i['’]ll|let\ me)\b)
        |here(?:['’]s|\ is|\ are)\b(?!\ my\b)[^.\n]{0,40}
            \b(?:variation|version|example|prompt|message|question|item|record|paraphrase)s?\b
        |(?:i['’]d\ be\ |i\ am\ |i['’]m\ )?happy\ to\ help
        |i\ hope\ (?:this|you|my)\ (?:e?-?mail|message|finds|note)
        |(?:user|customer|prompt|variation|version|example|question|item|message|scenario|input)
            \ ?\#?\d*\ ?[:.)]\s
        |\d+[.)]\s+\S
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)


def refuses(text: str, *, whole: bool = False) -> bool:
    """Whether a text is a model's refusal; `whole`: the answer holds nothing else, a hint will do."""
    return bool((_WHOLE if whole else _REFUSAL).search(text[:600]))


def is_boilerplate(text: str) -> bool:
    """Whether a user turn begins as only an assistant, a letter or a numbered list does."""
    return bool(_OPENER.search(text[:200]))
