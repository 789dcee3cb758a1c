"""The schema as peewee models. No model is bound to a database: each query names the one it runs on."""

import peewee as pw

APPLICATION_ID = 0x52465453  # "RFTS"
SCHEMA_VERSION = 1


class Table(pw.Model):
    class Meta:
        legacy_table_names = False


class Meta(Table):
    """Values of the dataset as JSON: goal, quota, current grader version, skipped steps ..."""

    key = pw.CharField(primary_key=True)
    value = pw.TextField()


class Record(Table):
    line = pw.IntegerField(null=True)
    messages = pw.TextField()
    tools = pw.TextField(default="[]")
    reference = pw.TextField(default="null")
    reply = pw.TextField(default="null")
    extra = pw.TextField(default="{}")
    source = pw.CharField(default="imported")
    parent_id = pw.IntegerField(null=True)
    topic_id = pw.IntegerField(null=True, index=True)
    topic_source = pw.CharField(null=True)
    probability = pw.FloatField(null=True)
    fit = pw.FloatField(null=True)
    alternatives = pw.TextField(default="[]")  # [[topic id, probability], ...] best first
    split = pw.CharField(null=True)
    issues = pw.TextField(default="[]")
    valid = pw.BooleanField(default=True, index=True)
    content_hash = pw.CharField(default="", index=True)
    cluster = pw.CharField(default="")
    tokens = pw.IntegerField(default=0)
    weight = pw.FloatField(default=1.0)
    preview = pw.TextField(
        default=""
    )  # the last user turn, whole: what lists show and search reads


class Topic(Table):
    parent_id = pw.IntegerField(null=True)
    name = pw.TextField()
    description = pw.TextField(default="")
    position = pw.IntegerField(default=0)
    target = pw.FloatField(null=True)
    locked = pw.BooleanField(default=False)


class Grader(Table):
    """Immutable versions; `id` is the version number, Meta 'grader' names the current one."""

    config = pw.TextField()
    created = pw.FloatField()


class Result(Table):
    """A categorisation, coverage analysis, grader test, dry run, training run or deployment."""

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


UNDOABLE: tuple[type[Table], ...] = (Meta, Record, Topic)
DATASET_TABLES: tuple[type[Table], ...] = (
    Meta, Record, Topic, Grader, Result, Answer, Chat, Change, ChangeCell, ChangeCurrent, Point,
)  # fmt: skip
LIBRARY_TABLES: tuple[type[Table], ...] = (Dataset,)


def key_of(table: type[Table]) -> str:
    return str(table._meta.primary_key.column_name)


def columns_of(table: type[Table]) -> list[str]:
    return [field.column_name for field in table._meta.sorted_fields]
