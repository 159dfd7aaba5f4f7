"""Texts of runbooks: Jinja2's language, bounded, three-valued, always on one line."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.sandbox import ImmutableSandboxedEnvironment

from runbooks.filters import FILTERS, TESTS
from runbooks.rendering import LONGEST_RENDERED
from runbooks.text import DEEPEST, LONGEST, Text, TextError
from runbooks.values import Gap, Partial, Value

NOT_TOLD = "(could not be told)"
GAP = Gap("logs.backend", "the log could not be read")
REDIS: Value = {"name": "redis", "title": "Redis", "duration_ms": None, "status": "fail"}
POSTGRES: Value = {"name": "postgres", "title": "PostgreSQL", "duration_ms": 5187.0, "status": "degraded"}
AT = datetime(2025, 9, 15, 1, 52, 7, tzinfo=UTC)
NAMES: dict[str, Value] = {
    "failing": (REDIS, POSTGRES),
    "one": (REDIS,),
    "empty": (),
    "gap": GAP,
    "some": Partial((REDIS,), (GAP,)),
    "perhaps": Partial((), (GAP,)),
    "redis": REDIS,
    "at": AT,
    "later": AT + timedelta(minutes=70),
    "next_day": AT + timedelta(days=1),
    "table": {"b": 2, "a": 1},
    "many": tuple(range(1, 63)),
}


def say(source: str, **names: Value) -> str:
    """What a text says over the names above and these."""
    return Text.parse(source).render({**NAMES, **names})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ failing | names | join(' and ') }} fail", "Redis and PostgreSQL fail"),
        ("{{ failing | map('name') | join }}", "redis, postgres"),
        ("{{ failing | map(attribute='name') | last }}", "postgres"),
        ("{{ failing | selectattr('duration_ms') | names | join }}", "PostgreSQL"),
        ("{{ failing | rejectattr('duration_ms') | names | join }}", "Redis"),
        ("{{ (failing | first).title }} {{ failing[1].title }}", "Redis PostgreSQL"),
        (
            "{{ 5187 | ms }}, {{ 5187 | ms(500) }}, {{ 109.4 | ms }}, {{ 0.2 | ms }}",
            "5.2 s, 5,187 ms, 109 ms, under 1 ms",
        ),
        (
            "{{ 90 | span }}, {{ 720 | span }}, {{ 10800 | span }}, {{ 400000 | span }}",
            "90 s, 12 min, 3 h, 5 days",
        ),
        ("{{ d | span }} {{ d }} {{ d | ms }}", "4 min 4 min 4 min"),
        ("{{ at | clock }} {{ at }} {{ at | day }}", "01:52 UTC 01:52 UTC 15 Sep"),
        ("{{ later | clock(at) }}, {{ next_day | clock(at) }}", "03:02, 16 Sep 01:52"),
        ("{{ 1234567 | count }} {{ failing | count }}", "1,234,567 2"),
        ("{{ failing | plural('check') }}, {{ 1 | plural('query', 'queries') }}", "2 checks, 1 query"),
        ("{{ 0 | plural('query', 'queries') }}", "0 queries"),
        ("{{ 1 | percent }} {{ 0.9996 | percent }} {{ 0.999999 | percent }}", "100 % 99.96 % 99.99 %"),
        ("{{ 0.032 | percent }} {{ 0 | percent }} {{ 0.0001 | percent }}", "3.2 % 0 % under 0.1 %"),
        ("{{ 10.374 | round }}× {{ 10.374 | round(1) }}×", "10× 10.4×"),
        (
            "{{ gap | default('nothing') }} {{ redis.duration_ms | default('no answer') }}",
            "nothing no answer",
        ),
        ("{{ table | keys | join }} {{ table | values | join }}", "a, b 1, 2"),
        ("{{ ['b', 'a', 'b'] | unique | join }}", "b, a"),
        (
            "{{ 'redis down' | sentence }} {{ 'ab' | upper }} {{ 'AB' | lower }} {{ ' x ' | trim }}",
            "Redis down AB ab x",
        ),
        ("{{ 'a long message' | short(8) }}", "a long…"),
        (
            "{{ redis }} {{ failing }} {{ true }} {{ empty | length }} {{ redis.duration_ms }}",
            "Redis Redis, PostgreSQL yes 0 none",
        ),
        (
            "{% for c in failing %}{{ ' and ' if not loop.first }}{{ c.title }}{% endfor %}",
            "Redis and PostgreSQL",
        ),
        ("{% for c in failing if c.status == 'fail' %}{{ c.title }}{% else %}-{% endfor %}", "Redis"),
        ("{% for c in empty %}{{ c }}{% else %}nothing{% endfor %}", "nothing"),
        (
            "{% for c in failing %}{{ loop.index }}/{{ loop.length }}{{ ', ' if not loop.last }}{% endfor %}",
            "1/2, 2/2",
        ),
        ("{% if 5 > 3 %}a{% elif true %}b{% else %}c{% endif %}", "a"),
        ("{{ 'is' if one | length == 1 else 'are' }} {{ failing | length - 1 }} more", "is 1 more"),
        ("{{ 'fail' in ['fail', 'pass'] }} {{ 'a' not in 'bcd' }} {{ 'a' in table }}", "yes yes yes"),
        ("{{ redis.duration_ms or 'silent' }}{{ ' ' ~ 3 ~ ' s' }}", "silent 3 s"),
        ("{{ 1 < 2 < 3 }} {{ at < later }}", "yes yes"),
        ("a\n  b\t{{ '\u202e\u200bc\x07' }}", "a b c"),
        ("{# said nowhere #}x", "x"),
    ],
)
def test_a_text_says_values_in_words(source: str, said: str) -> None:
    """Numbers with units, times in UTC, records by their names."""
    assert say(source, d=timedelta(minutes=4)) == said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ gap }} {{ gap.deeper.still }} {{ gap | ms }} {{ nobody }}", " ".join([NOT_TOLD] * 4)),
        ("{{ redis.absent }} {{ failing[7] }} {{ empty | first }}", " ".join([NOT_TOLD] * 3)),
        ("{{ gap is known }} {{ gap is not known }} {{ redis.absent is known }}", "no yes no"),
        ("{{ redis.duration_ms is known }} {{ redis.duration_ms is none }}", "yes yes"),
        ("{{ 'so' if gap else 'not so' }}", NOT_TOLD),
        ("[{{ 'so' if gap else '' }}{{ 'so' if gap }}]", "[]"),
        ("[{% if gap %}so{% endif %}]", "[]"),
        ("{% if gap %}so{% else %}not so{% endif %}", NOT_TOLD),
        ("{% if not gap %}so{% else %}not so{% endif %}", NOT_TOLD),
        ("{% if gap == 3 %}so{% elif true %}other{% else %}not so{% endif %}", NOT_TOLD),
        ("{{ 'x' if gap or true }} {{ 'x' if gap and false else 'y' }}", "x y"),
        ("{{ 'so' if perhaps else 'not so' }} {{ 'so' if some else 'not so' }}", f"{NOT_TOLD} so"),
        (
            "{{ some | length }} {{ perhaps | names | join }} {{ some | names | join }}",
            f"{NOT_TOLD} {NOT_TOLD} Redis",
        ),
        ("{% for c in some %}{{ c }}{% endfor %}", "Redis and perhaps more"),
        ("{% for c in perhaps %}{{ c }}{% endfor %}{% for c in gap %}{{ c }}{% endfor %}", NOT_TOLD * 2),
        ("{{ some | last }} {{ some | first }} {{ perhaps | first }}", f"{NOT_TOLD} Redis {NOT_TOLD}"),
        ("{{ 'Redis' in (some | names) }} {{ 'x' in (some | names) }}", f"yes {NOT_TOLD}"),
        ("{{ 'a' < 3 }} {{ failing == failing }} {{ redis | ms }} {{ 'x' + 1 }}", " ".join([NOT_TOLD] * 4)),
    ],
)
def test_what_is_unknown_is_said_to_be_so(source: str, said: str) -> None:
    """A condition over a gap chooses neither branch, as in CEL: nothing is claimed without evidence."""
    assert say(source) == said


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("{{ ''.__class__ }}", "the name __class__"),
        ("{{ x['__class__'] }}", "the name __class__"),
        ("{{ _private }}", "the name _private"),
        ("{{ x | map('__init__') }}", "the name __init__"),
        ("{{ x | attr('y') }}", "the filter attr"),
        ("{{ '%s' | format(x) }}", "the filter format"),
        ("{{ x | replace('a', 'aa') }}", "the filter replace"),
        ("{{ x | map('upper') | list }}", "the filter list"),
        ("{{ x | selectattr(y) }}", "something else than a name"),
        ("{{ x | ms(1, 2) }}", "2 arguments; it takes 0 to 1"),
        ("{{ x | join(*y) }}", "arguments that it does not take"),
        ("{{ x | join(sep=',') }}", "arguments that it does not take"),
        ("{{ range(9) }}", "a call"),
        ("{{ 'a'.format() }}", "a call"),
        ("{{ x is defined }}", "the test `is defined`"),
        ("{{ x is divisibleby(3) }}", "the test `is divisibleby`"),
        ("{{ 'a' * 9 }}", "arithmetic"),
        ("{{ 2 ** 9 }}", "arithmetic"),
        ("{{ '%d' % 9 }}", "arithmetic"),
        ("{% set a = 1 %}", "a name of its own"),
        ("{% with a = 1 %}{% endwith %}", "a name of its own"),
        ("{% macro m() %}{% endmacro %}", "a macro"),
        ("{% include 'x' %}", "another template"),
        ("{% import 'x' as y %}", "another template"),
        ("{% extends 'x' %}", "another template"),
        ("{% block x %}{% endblock %}", "a block"),
        ("{% filter upper %}x{% endfilter %}", "a block of a filter"),
        ("{% call x() %}{% endcall %}", "a call"),
        ("{{ x[1:2] }}", "a slice"),
        ("{{ {'a': 1} }}", "a mapping"),
        ("{{ 1e999 }}", "beyond all measure"),
        (f"{{{{ {'9' * 1900} }}}}", "beyond all measure"),
        ("{% for a, b in x %}{% endfor %}", "a loop other than"),
        ("{% for a in x recursive %}{% endfor %}", "a loop other than"),
        ("{% for loop in x %}{% endfor %}", "a loop other than"),
        ("{% for _a in x %}{% endfor %}", "the name _a"),
        (
            "{% for a in x %}{% for b in x %}{% for c in x %}{% endfor %}{% endfor %}{% endfor %}",
            "more than 2 loops",
        ),
        ("{{ x", "cannot be read"),
        ("{% if x %}", "cannot be read"),
        ("{% wrong %}", "cannot be read"),
        (r"{{ '\N{x' }}", "cannot be read"),
        ("x" * (LONGEST + 1), "2,001 characters"),
        (f"{{{{ {'(' * 900}1{')' * 900} }}}}", f"more than {DEEPEST} deep"),
        (f"{{{{ {'not ' * 40}x }}}}", f"more than {DEEPEST} deep"),
        ("{% if x %}" * 40 + "{% endif %}" * 40, f"more than {DEEPEST} deep"),
    ],
)
def test_what_texts_do_not_have_is_refused_when_read(source: str, error: str) -> None:
    """Nothing is left to be found out when an incident is on."""
    with pytest.raises(TextError) as caught:
        Text.parse(source)
    assert error in str(caught.value)


def test_roots_are_the_names_from_outside() -> None:
    """Names of loops are not, but where their loop is over."""
    text = Text.parse("{% for c in failing %}{{ c.title }}{{ loop.index }}{{ env.name }}{% endfor %}{{ c }}")
    assert text.roots == {"failing", "env", "c"}
    assert Text.parse("{% for c in c %}{% endfor %}").roots == {"c"}


def test_long_lists_and_texts_are_cut() -> None:
    """Of a list 50 are said and how many more there are; of a text as much as fits a message."""
    assert say("{{ many | join(' ') }}").endswith("49 50 and 12 more")
    assert say("{% for n in many %}{{ n }} {% endfor %}").endswith("49 50 and 12 more")
    long = say("{% for n in many %}{% for m in many %}{{ n }}.{{ m }} {% endfor %}{% endfor %}")
    assert len(long) <= LONGEST_RENDERED
    assert long.endswith("…")
    assert len(say("{{ text }}", text="x" * 10**6)) == LONGEST_RENDERED


def test_work_is_bounded_where_nothing_is_said() -> None:
    """Loops that say nothing end too, with what was said before them."""
    inner = "{% if a == b and b == a and a == b %}{% endif %}" * 20
    source = f"before {{% for a in big %}}{{% for b in big %}}{inner}{{% endfor %}}{{% endfor %}} after"
    assert say(source, big=tuple(range(50))) == "before…"


def test_growing_texts_are_bounded() -> None:
    """Concatenation and join within one another do not multiply."""
    doubled = "x" * 3_000
    source = (
        "{{ (" + "a ~ " * 400 + "a) | length }} {{ [a, a] | join([a, a] | join([a, a] | join(a))) | length }}"
    )
    assert say(source, a=doubled) == "2000 2000"


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12)), None])
def test_times_are_said_in_utc(zone: timezone | None) -> None:
    """Whatever zone they are in; and the first day that there is does no harm."""
    moment = AT.astimezone(zone) if zone else AT.replace(tzinfo=None)
    assert say("{{ t | clock }}", t=moment) == "01:52 UTC"
    assert say("{{ t | clock }}", t=datetime.min.replace(tzinfo=zone))
    assert say("{{ t | clock }}", t=datetime.max.replace(tzinfo=zone))


def test_a_time_is_said_with_its_day_where_that_is_not_the_day_of_the_evidence() -> None:
    """As a filter, and as it is."""
    env = {"at": AT + timedelta(days=1)}
    assert say("{{ t | clock }}, {{ t }}", t=AT, env=env) == "01:52 UTC on 15 Sep, 01:52 UTC on 15 Sep"
    assert say("{{ t | clock }}, {{ t }}", t=AT, env={"at": AT}) == "01:52 UTC, 01:52 UTC"


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.datetimes(),
    st.timedeltas(),
    st.builds(Gap, st.text(max_size=5), st.text(max_size=5)),
    st.integers(min_value=10**400, max_value=10**401),
)
VALUES: st.SearchStrategy[Value] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(tuple),
        st.lists(inner, max_size=3).map(lambda found: Partial(tuple(found), (GAP,))),
        st.dictionaries(st.sampled_from(["title", "name", "a", "b"]), inner, max_size=3),
    ),
    max_leaves=8,
)
OPERANDS = st.sampled_from(
    ["a", "b", "a.b", "b.a", "a[0]", "a['name']", "'x'", "3", "-1", "0.5", "none", "[a, b]", "c"]
)
CALLS = st.sampled_from(
    [
        *(f"{name}" for name, each in FILTERS.items() if each.least == 0),
        *(f"{name}('a')" for name, each in FILTERS.items() if each.most),
        *(f"{name}(b)" for name, each in FILTERS.items() if each.most and not each.attribute),
    ]
)


def _wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or", "~", "+", "-"])
    return st.one_of(
        st.builds(lambda left, sign, right: f"({left} {sign} {right})", inner, signs, inner),
        st.builds(lambda of, name: f"({of} | {name})", inner, CALLS),
        st.builds(lambda of, name: f"({of} is {name})", inner, st.sampled_from([*TESTS])),
        st.builds(lambda yes, test, no: f"({yes} if {test} else {no})", inner, inner, inner),
        st.builds(lambda of: f"(not {of})", inner),
        st.builds(lambda of: f"(-{of})", inner),
    )


EXPRESSIONS = st.recursive(OPERANDS, _wider, max_leaves=6)
SOURCES = st.one_of(
    st.text(alphabet="{}%#ab |()'\"._-~=<> \n", max_size=40),
    EXPRESSIONS.map(lambda each: f"{{{{ {each} }}}}"),
    st.builds(lambda of, each: f"{{% for c in {of} %}}{{{{ {each} }}}}{{% endfor %}}", OPERANDS, EXPRESSIONS),
    st.builds(lambda test: f"{{% if {test} %}}so{{% else %}}not so{{% endif %}}", EXPRESSIONS),
)


@given(SOURCES, VALUES, VALUES)
@settings(max_examples=200, deadline=None)
def test_any_text_over_any_values_says_something_short_on_one_line(source: str, a: Value, b: Value) -> None:
    """What can be read can be said: nothing is raised, and nothing unseen or long comes out."""
    try:
        text = Text.parse(source)
    except TextError:
        return
    said = text.render({"a": a, "b": b})
    assert len(said) <= LONGEST_RENDERED
    assert said.isprintable()
    assert said == text.render({"a": a, "b": b})


PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.integers(-9, 9), st.text(alphabet="abc", min_size=1, max_size=3)),
    lambda inner: st.fixed_dictionaries({"name": inner, "a": inner, "b": inner}),
    max_leaves=4,
)
SAME_FILTERS = ("upper", "lower", "trim", "length")


def _as_jinja2(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    words = st.sampled_from(["and", "or"])
    return st.one_of(
        st.builds(lambda left, word, right: f"({left} {word} {right})", inner, words, inner),
        st.builds(lambda yes, test, no: f"({yes} if {test} else {no})", inner, inner, inner),
        st.builds(lambda left, right: f"({left} ~ '-' ~ {right})", inner, inner),
    )


NATIVE = st.recursive(st.sampled_from(["a.name", "b.name", "'x'", "3", "''"]), _as_jinja2, max_leaves=6)
SCALAR_NAMES = st.one_of(st.integers(-9, 9), st.text(alphabet="abc", max_size=3))


@given(NATIVE, SCALAR_NAMES, st.lists(SCALAR_NAMES, max_size=4))
@settings(max_examples=100, deadline=None)
def test_what_is_known_is_said_as_jinja2_says_it(expression: str, name: Any, members: list[Any]) -> None:
    """Over values without gaps our evaluation and Jinja2's own agree."""
    source = (
        f"{{{{ {expression} }}}}{{% for each in many %}}{{{{ loop.index }}}}{{{{ each ~ ({expression}) }}}}"
        "{% if not loop.last %}; {% endif %}{% else %}none{% endfor %}"
    )
    names: dict[str, Value] = {"a": {"name": name}, "b": {"name": "b"}, "many": tuple(members)}
    expected = ImmutableSandboxedEnvironment().from_string(source).render(names)
    assert Text.parse(source).render(names) == " ".join(expected.split())


def test_every_filter_and_test_is_described() -> None:
    """The page of runbooks can list them."""
    for name, each in FILTERS.items():
        assert each.kinds, name
        assert each.says, name
        assert 0 <= each.least <= each.most
