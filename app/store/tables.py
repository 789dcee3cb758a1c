"""The schema as peewee models. No model is bound to a database: each query names the one it runs on."""

import peewee as pw

APPLICATION_ID = 0x52465453  # "RFTS"
SCHEMA_VERSION = 5
PAGE_SIZE = 16384  # of new files: a record list reads few, long runs


class Table(pw.Model):
    class Meta:
        legacy_table_names = False


class Meta(Table):
    """Values of the dataset as JSON: goal, quota, current grader version, skipped steps ..."""

    key = pw.CharField(primary_key=True)
    value = pw.TextField()


class Record(Table):
    """The narrow row, so that a filter or sort over a million records never reads their texts.

    After an import ids are 1..N in file order. What is read most stands first, texts stand last.
    """

    line = pw.IntegerField(null=True)
    batch = pw.IntegerField(default=0)  # the import that brought it: its place in Meta "batches"
    source = pw.CharField(default="imported")
    parent_id = pw.IntegerField(null=True)
    topic_id = pw.IntegerField(null=True)
    topic_source = pw.CharField(null=True)
    probability = pw.FloatField(null=True)
    fit = pw.FloatField(null=True)
    split = pw.CharField(null=True)
    valid = pw.BooleanField(default=True)
    flags = pw.IntegerField(default=0)  # a bit per issue code: app.domain.validation.FLAG_BITS
    content_hash = pw.BlobField(default=b"")
    cluster = pw.CharField(default="")
    tokens = pw.IntegerField(default=0)
    tokens_exact = pw.BooleanField(default=False)  # counted, not estimated
    weight = pw.FloatField(default=1.0)
    turns = pw.IntegerField(default=0)  # of the user
    has_tools = pw.BooleanField(default=False)
    has_reply = pw.BooleanField(default=False)
    has_reference = pw.BooleanField(default=False)
    length = pw.IntegerField(default=0)  # characters of the prompt
    tags = pw.TextField(default="")  # "" or " a b ": blanks around each, so that LIKE finds words
    alternatives = pw.TextField(default="[]")  # [[topic id, probability], ...] best first
    preview = pw.TextField(default="")  # the beginning of the last user turn, one line
    issues = pw.TextField(default="[]")


class Body(Table):
    """The wide texts of a record, as JSON; read for one record or in a stream, never to filter."""

    record = pw.IntegerField(primary_key=True, column_name="record_id")
    messages = pw.TextField()
    tools = pw.TextField(default="[]")
    reference = pw.TextField(default="null")
    reply = pw.TextField(default="null")
    extra = pw.TextField(default="{}")


class Unindexed(Table):
    """Records whose body changed since the full-text index was made; triggers fill it."""

    record = pw.IntegerField(primary_key=True, column_name="record_id")


class Scanned(Table):
    """Records looked through for personal data and secrets: a bit per kind, 0 where nothing was
    found. Triggers take out what changes, so a record that is not here is not known."""

    record = pw.IntegerField(primary_key=True, column_name="record_id")
    kinds = pw.IntegerField(default=0)  # app.domain.sensitive.BITS


class Topic(Table):
    parent_id = pw.IntegerField(null=True)
    name = pw.TextField()
    description = pw.TextField(default="")
    position = pw.IntegerField(default=0)
    target = pw.FloatField(null=True)
    locked = pw.BooleanField(default=False)
    color = pw.IntegerField(default=0)  # 1 to 8, 0 is none
    quota = pw.IntegerField(null=True)  # of records, in place of the dataset's


class Generated(Table):
    """A record that a model wrote, outside the data: it waits for the user, was refused by a check, or
    was decided on. `item` (the record's texts) and `about` (where it comes from) are JSON."""

    run_id = pw.IntegerField(index=True)  # the Result it belongs to
    state = pw.CharField()  # app.store.generated.State
    reason = pw.CharField(default="")  # of a refusal
    topic_id = pw.IntegerField()
    score = pw.FloatField(default=0.0)  # how surely it lands in its topic
    record_id = pw.IntegerField(null=True)  # once accepted
    preview = pw.TextField(default="")
    item = pw.TextField()
    about = pw.TextField(default="{}")


class Grader(Table):
    """Immutable versions; `id` is the version number, Meta 'grader' names the current one."""

    config = pw.TextField()
    created = pw.FloatField()


class Result(Table):
    """A categorisation, coverage analysis, generation, grader test, dry run, training or deployment."""

    kind = pw.CharField(index=True)
    state = pw.CharField()
    created = pw.FloatField()
    ended = pw.FloatField(null=True)
    fingerprint = pw.CharField(default="")  # of the inputs it was computed from
    data = pw.TextField(default="{}")


class Answer(Table):
    """A graded answer of a grader test or dry run."""

    result_id = pw.IntegerField(index=True)
    record_id = pw.IntegerField()
    k = pw.IntegerField()
    text = pw.TextField()
    tokens = pw.IntegerField(default=0)
    score = pw.FloatField(null=True)
    error = pw.TextField(null=True)
    reason = pw.TextField(default="")
    format_ok = pw.BooleanField(null=True)
    truncated = pw.BooleanField(default=False)


class Chat(Table):
    at = pw.FloatField()
    kind = pw.CharField()
    data = pw.TextField()


class Change(Table):
    """One write transaction on undoable data; its inverse is in ChangeCell."""

    label = pw.TextField()
    actor = pw.CharField()
    tool = pw.CharField(default="")
    at = pw.FloatField()
    cells = pw.IntegerField(default=0)
    undoes = pw.IntegerField(null=True)
    undone_by = pw.IntegerField(null=True)


class ChangeCell(Table):
    """One value before and after; `op` I(nsert), U(pdate) or D(elete), `col` empty for an insert."""

    change_id = pw.IntegerField(index=True)
    tbl = pw.CharField()
    row_id = pw.BareField()
    op = pw.CharField()
    col = pw.CharField(default="")
    before = pw.BareField(null=True)
    after = pw.BareField(null=True)


class ChangeCurrent(Table):
    """The change being recorded: one row while a labelled write runs, none otherwise."""

    change_id = pw.IntegerField()


class Point(Table):
    """A place to roll back to: the newest change when a step was completed."""

    step = pw.CharField()
    change_id = pw.IntegerField()
    at = pw.FloatField()
    label = pw.TextField()


class Dataset(Table):
    """A row of the library. The file itself is the truth; `summary` is what its card shows."""

    id = pw.CharField(primary_key=True)
    name = pw.TextField()
    created = pw.FloatField()
    opened = pw.FloatField()
    summary = pw.TextField(default="{}")


UNDOABLE: tuple[type[Table], ...] = (Meta, Record, Body, Topic, Generated)
# Counted in the background, whenever: undo neither notes them nor trips over them.
NOT_UNDONE = {"record": frozenset({"tokens", "tokens_exact"})}
DATASET_TABLES: tuple[type[Table], ...] = (
    Meta, Record, Body, Unindexed, Scanned, Topic, Generated, Grader, Result, Answer, Chat, Change,
    ChangeCell, ChangeCurrent, Point,
)  # fmt: skip
LIBRARY_TABLES: tuple[type[Table], ...] = (Dataset,)
BEGINNING = "substr(preview, 1, 20)"
# All that lists filter and sort by, in file order: 85 bytes a record are looked through instead of
# 450 (a filter that few match: 0.1 s instead of 0.3 s CPU for a million). Making it takes 1.5
# microseconds a record; an index for one of its columns takes almost as long.
LISTED_INDEX = (
    "CREATE INDEX IF NOT EXISTS record_listed ON record(id, tokens, length, split, flags, valid, "
    f"source, topic_id, probability, tags, {BEGINNING}, turns, has_tools, has_reply, has_reference, "
    "topic_source, batch, fit, weight)"
)
HASH_INDEX = "CREATE INDEX record_content_hash ON record(content_hash)"
# Made after the rows of an import: inserting into an index row by row costs several times as much.
RECORD_INDEXES = (
    "CREATE INDEX record_topic_id ON record(topic_id)",
    "CREATE INDEX record_valid ON record(valid) WHERE NOT valid",
    "CREATE INDEX record_flags ON record(flags) WHERE flags <> 0",
    LISTED_INDEX,
)
SCANNED_INDEX = "CREATE INDEX scanned_kinds ON scanned(kinds) WHERE kinds <> 0"
UNINDEXED_TRIGGERS = tuple(
    f"CREATE TRIGGER unindexed_{event.lower()} AFTER {event} ON body BEGIN "
    f"INSERT OR IGNORE INTO unindexed(record_id) VALUES ({row}.record_id); END"
    for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
)
# What follows from the texts of a record, and stays right whoever changes them, undo included.
DERIVED_TRIGGERS = (
    "CREATE TRIGGER scanned_update AFTER UPDATE ON body BEGIN "
    "DELETE FROM scanned WHERE record_id = OLD.record_id; END",
    "CREATE TRIGGER scanned_delete AFTER DELETE ON body BEGIN "
    "DELETE FROM scanned WHERE record_id = OLD.record_id; END",
    # A count of another text is an estimate again: by its length, else 4 characters a token.
    "CREATE TRIGGER tokens_body AFTER UPDATE OF messages, tools ON body "
    "WHEN OLD.messages IS NOT NEW.messages OR OLD.tools IS NOT NEW.tools BEGIN "
    "UPDATE record SET tokens_exact = 0 WHERE id = NEW.record_id; END",
    "CREATE TRIGGER tokens_length AFTER UPDATE OF length ON record "
    "WHEN OLD.length <> NEW.length BEGIN UPDATE record SET tokens = ROUND("
    "CASE WHEN OLD.tokens * OLD.length > 0 THEN OLD.tokens * 1.0 * NEW.length / OLD.length "
    "ELSE NEW.length / 4.0 END) WHERE id = NEW.id; END",
    # A deleted record that comes back may have been counted for another base model.
    "CREATE TRIGGER tokens_insert AFTER INSERT ON record WHEN NEW.tokens_exact BEGIN "
    "UPDATE record SET tokens_exact = 0 WHERE id = NEW.id; END",
)


def key_of(table: type[Table]) -> str:
    return str(table._meta.primary_key.column_name)


def columns_of(table: type[Table]) -> list[str]:
    return [field.column_name for field in table._meta.sorted_fields]
