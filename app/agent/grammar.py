"""The plain commands as a table: patterns over a whole line, and examples by step for the help."""

import re
from dataclasses import dataclass, field
from typing import Any

EXAMPLES: dict[str, tuple[str, ...]] = {
    "Any time": (
        "what next?",
        "status",
        "is it done?",
        "how long will it take?",
        "explain balance",
        "read more about learnability",
        "what did you do?",
        "what can you not do?",
        "undo",
        "redo",
        "go back to topics",
        "connect a model",
        "settings",
    ),
    "Records": (
        "set goal …",
        "what is in the data?",
        "how many records are invalid?",
        "show invalid records",
        "show records about refunds",
        "filter tokens>500 has:tools",
        "show record 12",
        "why is record 12 invalid?",
        "find duplicates",
        "remove duplicates",
        "fix the records",
        "scan for personal data",
        "export records",
    ),
    "1 Topics": (
        "propose topics",
        "apply the topics",
        "add topic Cards",
        "rename Billing to Payments",
        "merge Refunds into Payments",
        "move topics Refunds and Fees under Payments",
        "split Billing in 3",
        "split topic Cards into Lost card and New card",
        "lock Fees",
        "colour Fees 3",
        "keep my topics",
        "export topics",
        "describe topic Cards as cards that are lost or new",
        "delete topic Cards",
        "skip topics",
    ),
    "2 Categorise": ("categorise the records", "show uncategorised records", "review the records"),
    "3 Coverage": (
        "analyse the coverage",
        "set quota to 50",
        "set quota of Fees to 20",
        "set target of Fees to 20 %",
        "what helps the thin topics?",
    ),
    "4 Grader": ("choose a grader", "test the grader"),
    "5 Dry run": ("start the dry run", "why NO-GO?", "accept the warning"),
    "6 Training": ("train", "pause", "resume", "stop training", "report", "compare"),
    "7 Deployment": ("deploy", "try the model", "start the endpoint", "export the model"),
}
"""Lines that can be typed, by what they are about."""


@dataclass(frozen=True)
class Command:
    """A pattern over the whole line; its named groups become arguments of the action."""

    pattern: re.Pattern[str]
    action: str
    fixed: dict[str, Any] = field(default_factory=dict)


def _c(pattern: str, action: str, **fixed: Any) -> Command:
    return Command(re.compile(pattern, re.IGNORECASE), action, fixed)


_STATE = r"invalid|valid|uncategori[sz]ed|flagged|duplicates?|multi-turn|in review|uncertain"

# The first that matches counts. Questions come before orders: "is it done?" starts nothing.
_QUESTIONS = (
    _c(r"(what('?s)?|and) (is )?(next|now|missing)|what (shall|should|can|do) (we|i) do( next| now)?|"
       r"next( step)?|continue|go on|weiter", "next_step"),
    _c(r"(show )?(me )?(the )?(status|progress)|where (are we|am i|do we stand)|"
       r"how far( are we)?", "status"),
    _c(r"how (long|much longer|much time).*", "how_long"),
    _c(r"(is it|are we|is that|is training|is the training) (done|ready|finished|over)( yet)?|"
       r"how is (it|training) going.*|done( yet)?", "is_it_done"),
    _c(r"what (did|have) you (do|done)( so far)?|what (was|has been) (done|changed)|what changed|"
       r"(show |open )?(me )?(the )?(audit( trail)?|timeline)", "what_was_done"),
    _c(r"what (can(no|')?t you do|can you not do)|what are your limits|limits", "limits"),
    _c(r"help( me)?|what can you do|commands|hello|hi|hey", "help_me"),
    _c(r"why did (the )?(dry run|it) (fail|stop)|what went wrong", "why"),
    _c(r"why did (the )?training (fail|stop)", "report"),
    _c(r"(why is|explain|what is wrong with|what('s| is) the matter with)( this| the)? record "
       r"#?(?P<number>\d+)( .*)?", "explain_record"),
    _c(r"why( is it| was it)?( a| the)? ?(no-?go|no go|go|warning|verdict)?|why not( go)?|"
       r"(explain|show) (the )?(verdict|dry run result)", "why"),
    _c(r"what('s| is) in (the|my|this) (data|dataset|file|records)|(describe|look at) (the|my) data|"
       r"(show )?(the )?outlook", "look"),
    _c(r"what helps( the)?( thin)? topics|(help|fill)( the)? thin topics", "generation"),
    _c(r"(which|what|list|show)( the| all)? topics (are there|do we have)|list( the)? topics",
       "list_topics"),
    _c(r"(read|tell me|learn|know|say|explain) more( about| on)?( the)? (?P<term>.+)", "read_more"),
    _c(r"(explain|what('?s| is| are| does| means?)|define|tell me about)( the| a| an)? (?P<term>.+?)"
       r"( means?| mean)?", "explain"),
    _c(r"(how many|count( the)?)( records?| prompts)?( are| is| have| do we have| there)*"
       r"(?P<what>.*)", "how_many"),
    _c(r"(show |list |which )?(the )?agents?( files)?", "agents"),
)  # fmt: skip

_TOPICS = (
    _c(r"rename( the)?( topic)? (?P<old>.+?) (to|as|into) (?P<new>.+)", "rename"),
    _c(r"merge( the)?( topics?)? (?P<source>.+?) (into|with|to) (?P<target>.+)", "merge"),
    _c(r"move( the)? topics? (?P<name>.+?) (under|below|into|to) (the )?(?P<parent>.+)", "move"),
    _c(r"split( the)? topic (?P<name>.+?) (into|in) (?P<parts>.+)", "split"),
    _c(r"split( the)? topic (?P<name>.+)", "split"),
    _c(r"split( the)? (?P<name>.+?) (into|in) (?P<parts>.+)", "split", exact=True),
    _c(r"split( the)? (?P<name>.+)", "split", exact=True),  # of "the data" no topic is meant
    _c(r"lock( the)?( topics?)? (?P<name>.+)", "lock"),
    _c(r"unlock( the)?( topics?)? (?P<name>.+)", "lock", locked=False),
    _c(r"colou?r( the)?( topics?)? (?P<name>.+?)( in| with| as| to)?( colou?r)? "
       r"(?P<color>\d+|none)", "colour"),
    _c(r"set( the)? target( share)? (of|for)( the)?( topics?)? (?P<name>.+?) to "
       r"(?P<share>\d+(\.\d+)? ?%?)", "target"),
    _c(r"(clear|unset|remove)( the)? target( share)? (of|for|from)( the)?( topics?)? (?P<name>.+)",
       "target"),
    _c(r"set( the)? quota (of|for)( the)?( topics?)? (?P<name>.+?) to (?P<quota>\d+)",
       "topic_quota"),
    _c(r"(clear|unset|remove)( the)? quota (of|for|from)( the)?( topics?)? (?P<name>.+)",
       "topic_quota"),
    _c(r"keep (mine|(my|the) (present |own )?topics)|(discard|drop|reject)( the| this)? proposal",
       "keep_mine"),
    _c(r"(export|import)( the| my)? topics( .*)?", "topic_file"),
    _c(r"describe( the)? topic (?P<name>.+?)( as|:| to be) (?P<words>.+)", "describe"),
    _c(r"describe( the)? topic (?P<name>.+)", "describe"),
    _c(r"(delete|remove|drop)( the)? topic (?P<name>.+)", "delete"),
    _c(r"(add|create|new)( a| the)? topic (?P<name>.+?)( (under|below|in|to) (?P<parent>.+))?",
       "add"),
    _c(r"undo( that| it| the last change)?", "undo"),
    _c(r"redo( that| it)?", "redo"),
    _c(r"another proposal|(propose|find|suggest) (other|different|new) topics", "another"),
    _c(r"(propose|find|suggest|generate)( the)? topics( again)?", "propose"),
    _c(r"(define|make|write)( the)? topics by hand|by hand", "by_hand"),
    _c(r"(use|apply|accept)( the| these| those)?( new| proposed)? (topics|proposal|hierarchy)",
       "apply"),
    _c(r"(re)?categori[sz]e( the| all)*( records)?( again)?|sort( the)? records( .*)?",
       "categorise"),
    _c(r"review( the)?( least certain| uncertain)?( records)?", "review"),
    _c(r"(analy[sz]e |check |measure |show )(the )?(coverage|balance)( again)?", "analyse"),
    _c(r"set( the)? quota( to)? (?P<quota>\d+)", "set_quota"),
    _c(r"skip( the)? topics|quick road", "skip_topics"),
)  # fmt: skip

_RECORDS = (
    _c(r"(find|show|list)( me)?( the)?( exact)? duplicates?( records)?", "find_duplicates"),
    _c(r"(remove|delete|drop)( the| all)*( exact)? duplicates?( records)?", "remove_duplicates"),
    _c(rf"(show|list|find|open)( me)?( the| all)* (?P<state>{_STATE})( records| ones| prompts)?",
       "show_records"),
    _c(r"(show|find|list|search)( me)?( the| all)*( for)? (records|prompts|data|ones) "
       r"(about|with|containing|on|like|for|that mention) (?P<about>.+)", "show_records"),
    _c(r"search( for)? (?P<about>.+)", "show_records"),
    _c(r"filter( the records)?( by|:)? (?P<line>.+)", "show_records"),
    _c(r"(show|open|see)( me)?( the)? record #?(?P<number>\d+)", "show_record"),
    _c(r"(show|open|see)( me)?( the| all)* (records|data)", "show_panel", panel="records"),
    _c(r"(scan|look|search|check)( the)?( records| data)? for (personal data|pii|secrets|"
       r"sensitive data).*|scan( the records)?", "scan"),
    _c(r"(fix|mend|repair)( the| all)*( invalid)?( records?| issues| problems)?( all)?", "fix"),
    _c(r"(fix|mend|repair)( the| all)* (?P<what>.+)", "fix"),
    _c(r"export( the)?( trained| tuned)? model.*", "export_model"),
    _c(r"export( .*)?", "export"),
    _c(r"(set|change)( the| my)? goal( to|:)? (?P<goal>.+)|goal: ?(?P<goal2>.+)", "set_goal"),
    _c(r"(set|change)( the)? goal|goal", "ask_goal"),
)  # fmt: skip

_RUNS = (
    _c(r"(set|choose|pick|change|suggest)( a| the| another)? graders?|graders?", "offer_grader"),
    _c(r"test( the)? grader( on (5|five))?|test on (5|five)|test", "test_grader"),
    _c(r"(start|run|do|begin|repeat)?( a| the)?( new)? ?dry[ -]?run( again)?", "start_dry_run"),
    _c(r"accept( the)? warning", "accept_warning"),
    _c(r"(start |begin )?(the )?train(ing)?( now| the model)?", "train"),
    _c(r"pause( it| the)?( training)?", "pause"),
    _c(r"(resume|unpause)( it| the)?( training)?", "resume"),
    _c(r"(stop|cancel|halt|abort)( it| that| the)?( training| run)?", "stop"),
    _c(r"(show )?(me )?(the )?(report|results?)", "report"),
    _c(r"compare( .*)?", "compare"),
    _c(r"deploy( it| the model| now| again)?", "deploy"),
    _c(r"try( out)?( it|( the)?( tuned)? model)", "try_it"),
    _c(r"start( the)? endpoint", "start_endpoint"),
    _c(r"stop( the)? (endpoint|deployment|service)", "stop_endpoint"),
    _c(r"(go |roll ?)?back( to( the)? (?P<step>.+))?", "go_back"),
)  # fmt: skip

_PLACES = (
    _c(r"(connect|use|add|set up|choose)( to)?( a| an| the| my)?( language| local)? "
       r"(model|llm|provider|connection|endpoint|ollama|openai)s?|"
       r"(open |show )?(the )?connections?", "connect"),
    _c(r"((open|show|change|edit)( the| my)? )?(settings|preferences|options)", "settings"),
    _c(r"open( a| my| another| the)?( new)? file|import( .*)?", "open_file"),
    _c(r"(open|try)( the)? sample", "open_sample"),
    _c(r"(show|open|go to)( the| me)? (?P<panel>[\w -]+?)( panel| step)?", "show_panel"),
)  # fmt: skip

COMMANDS = (*_QUESTIONS, *_TOPICS, *_RECORDS, *_RUNS, *_PLACES)
