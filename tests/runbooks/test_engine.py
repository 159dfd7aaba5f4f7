"""What runbooks make of evidence: chains, roots, what is ruled out, what could not be told, remedies."""

from datetime import timedelta

import pytest

from runbooks.diagnosis import Diagnosis, Verdict
from runbooks.engine import reason
from runbooks.runbook import Library
from runbooks.values import Partial, Value
from tests.runbooks.books import AT, book, cause, facts, gap, library, record, remedy


def diagnosed(books: Library, runbook: str | None = None, **members: Value) -> Diagnosis:
    """The diagnosis of these facts."""
    return reason(books, facts(**members), AT, runbook=runbook).diagnosis


def chain(diagnosis: Diagnosis) -> list[str]:
    """The causes of the first chain, without their runbooks."""
    return [why.cause.partition("/")[2] for why in diagnosis.chain.whys] if diagnosis.chain else []


# confirmed, ruled out, untold


def test_a_chain_goes_to_the_deepest_confirmed_cause() -> None:
    """Every why on the way has its question, its because and its evidence; the deepest one is the root."""
    deeper = cause("connector", because="The connector is wrong", asks="Why is it wrong?")
    top = cause("unready", asks="Why is it unready?", causes=(deeper,))
    found = diagnosed(library(book("down", top, asks="Why is it down?")))
    assert found.status is Verdict.CONFIRMED
    assert found.question == "Why is it down?"
    assert [(why.question, why.because) for why in found.chain.whys] == [
        ("Why is it down?", "It is unready"),
        ("Why is it unready?", "The connector is wrong"),
    ]
    assert all(why.evidence for why in found.chain.whys)
    assert found.root_cause.cause == "down/connector"


def test_a_false_condition_rules_a_cause_out_with_what_says_so() -> None:
    """What is said of it is its own text, else that of what it cites."""
    found = diagnosed(
        library(
            book(
                "down",
                cause("one", "false", ruled_out="Memorystore READY"),
                cause("two", "false"),
                cause("it"),
            )
        ),
        shown=record("shown", "answers in 2 ms"),
    )
    assert [(each.cause, each.text) for each in found.ruled_out] == [
        ("down/one", "Memorystore READY"),
        ("down/two", "answers in 2 ms"),
    ]
    assert found.ruled_out[1].evidence[0].id == "shown"


def test_missing_evidence_makes_a_cause_unknown_and_says_what_would_settle_it() -> None:
    """Unknown is never false: the gap and its cure are named, each once."""
    blind = gap("logs", "permission is missing", "Grant roles/logging.viewer")
    found = diagnosed(library(book("down", cause("log", "logs.a > 1 && logs.b > 1"))), logs=blind)
    assert found.status is Verdict.UNKNOWN
    assert found.chain is None
    (untold,) = found.unknown
    assert untold.cause == "down/log"
    assert untold.settle == "Grant roles/logging.viewer"
    assert [each.why for each in untold.gaps] == ["permission is missing"]
    assert found.ruled_out == ()


def test_a_cause_says_itself_what_would_settle_it() -> None:
    """Its own words come before those of its gaps."""
    asked = cause("log", "logs.a", settle="Look into the log")
    found = diagnosed(library(book("down", asked)), logs=gap(settle="Grant a role"))
    assert found.unknown[0].settle == "Look into the log"


def test_no_claim_without_evidence() -> None:
    """A condition that holds is not enough: without anything to cite the cause could not be told."""
    found = diagnosed(
        library(book("down", cause("bare", evidence=()), cause("empty", evidence=["list"]))), list=()
    )
    assert found.chain is None
    assert [each.cause for each in found.unknown] == ["down/bare", "down/empty"]
    assert "no evidence" in found.unknown[0].gaps[0].why


def test_evidence_that_could_not_be_had_makes_a_why_weaker() -> None:
    """The why stands on what is there, and names what is missing."""
    found = diagnosed(library(book("down", cause("it", evidence=["shown", "logs.errors"]))), logs=gap())
    (why,) = found.chain.whys
    assert why.weaker
    assert [each.why for each in why.missing] == ["logs cannot be read"]
    assert found.status is Verdict.CONFIRMED


def test_evidence_is_a_record_or_a_list_of_them_each_once() -> None:
    """A list gives its members; of a partial one the known ones, and what is missing besides."""
    some = Partial((record("a"), record("b")), (gap(),))
    found = diagnosed(
        library(book("down", cause("it", evidence=["one", "some", "nothing"]))),
        one=record("a"),
        some=some,
        nothing=None,
    )
    (why,) = found.chain.whys
    assert [each.id for each in why.evidence] == ["a", "b"]
    assert why.weaker


def test_children_of_a_cause_that_is_not_confirmed_are_not_looked_at() -> None:
    """Neither what is ruled out nor what could not be told leads on."""
    deep = cause("deep")
    found = diagnosed(
        library(book("down", cause("no", "false", causes=(deep,)), cause("dunno", "logs.a", causes=(deep,)))),
        logs=gap(),
    )
    assert found.chain is None
    assert "down/deep" not in {each.cause for each in (*found.ruled_out, *found.unknown)}


# roots and verdicts


def test_a_chain_whose_next_question_is_open_is_partial() -> None:
    """A why whose cause has deeper ones is no root by itself; the open answers are kept with the chain."""
    found = diagnosed(library(book("down", cause("top", causes=(cause("deep", "logs.a"),)))), logs=gap())
    assert found.status is Verdict.PARTIAL
    assert found.root_cause is None
    assert [each.cause for each in found.chain.open] == ["down/deep"]
    assert found.remedies == ()


def test_a_cause_in_its_own_right_is_the_root_though_deeper_ones_are_open() -> None:
    """`root` makes it one: what made it so may stay unknown."""
    found = diagnosed(
        library(book("down", cause("top", root=True, causes=(cause("deep", "logs.a"),)))), logs=gap()
    )
    assert found.status is Verdict.CONFIRMED
    assert found.root_cause.cause == "down/top"


def test_the_deepest_root_is_the_root_of_a_chain() -> None:
    """A deeper why that only describes does not take its place."""
    describing = cause("describing", causes=(cause("never", "false"),))
    found = diagnosed(library(book("down", cause("top", root=True, causes=(describing,)))))
    assert chain(found) == ["top", "describing"]
    assert found.root_cause.cause == "down/top"


def test_nothing_is_wrong_only_where_a_healthy_cause_is_confirmed_and_nothing_else() -> None:
    """Its chain says what was asked, and has no root; any other chain takes the verdict away."""
    well = book("well", cause("all-pass"), healthy=True)
    found = diagnosed(library(well))
    assert found.status is Verdict.NOTHING_WRONG
    assert chain(found) == ["all-pass"]
    assert found.root_cause is None
    with_chain = diagnosed(library(well, book("down", cause("top", causes=(cause("deep", "false"),)))))
    assert with_chain.status is Verdict.PARTIAL
    assert chain(with_chain) == ["top"]


def test_nothing_is_never_wrong_while_a_check_fails() -> None:
    """A runbook that says all is well is not believed against a failing check."""
    failing = {"redis": {**record("checks.redis"), "name": "redis", "title": "Redis", "status": "fail"}}
    found = diagnosed(library(book("well", cause("all-pass"), healthy=True)), checks=failing)
    assert found.status is Verdict.UNKNOWN
    assert found.failing == ("Redis",)
    assert found.notes == ("No cause of ours explains: Redis.",)


def test_checks_that_a_why_cites_are_explained() -> None:
    """Of a partial diagnosis only the others are named."""
    checks = {
        name: {**record(f"checks.{name}"), "name": name, "title": name.upper(), "status": "fail"}
        for name in ("a", "b")
    }
    top = cause("top", evidence=["checks.a"], causes=(cause("deep", "false"),))
    assert diagnosed(library(book("down", top)), checks=checks).notes == ("No cause of ours explains: B.",)


# several chains


def test_the_first_chain_is_the_deepest_then_of_the_lowest_rank_then_the_first() -> None:
    """Rooted before rootless, and depth before rank."""
    deep = book("deep", cause("a", causes=(cause("b"),)), rank=50)
    shallow = book("shallow", cause("c"), rank=1)
    later = book("later", cause("d", causes=(cause("e"),)), rank=20)
    rootless = book(
        "rootless", cause("f", causes=(cause("g", causes=(cause("h", causes=(cause("i", "false"),)),)),))
    )
    found = diagnosed(library(deep, shallow, later, rootless))
    assert chain(found) == ["d", "e"]
    assert [each.runbook for each in found.others] == ["deep", "shallow", "rootless"]
    assert [each.cause for each in found.roots] == ["later/e", "deep/b", "shallow/c"]


def test_what_is_beside_the_point_of_an_outage_never_comes_first() -> None:
    """Its chain stays among the others, even where the first one has no root or there is none."""
    tests = book("tests", cause("a", causes=(cause("b"),)), secondary=True, rank=1)
    rootless = book("down", cause("c", causes=(cause("d", "false"),)))
    found = diagnosed(library(tests, rootless))
    assert chain(found) == ["c"]
    assert found.status is Verdict.PARTIAL
    alone = diagnosed(library(tests))
    assert alone.chain is None
    assert alone.status is Verdict.UNKNOWN
    assert [each.secondary for each in alone.others] == [True]


def test_what_is_beside_the_point_is_told_where_all_else_is_well() -> None:
    """Then it is all that there is to tell, and a note says that the environment is well."""
    well = book("well", cause("all-pass", because="All 9 checks pass"), healthy=True)
    found = diagnosed(library(well, book("tests", cause("a"), secondary=True)))
    assert (found.status, chain(found)) == (Verdict.CONFIRMED, ["a"])
    assert found.notes == ("Otherwise all is well: All 9 checks pass",)


def test_a_chain_with_the_same_root_is_told_once() -> None:
    """Two questions that lead to one cause are one incident."""
    redis = book("redis", cause("gone"), applies=None)
    found = diagnosed(
        library(
            book("http", cause("fails", link=("redis",))),
            book("socket", cause("closed", causes=(cause("refused", link=("redis",)),))),
            redis,
        )
    )
    assert [why.cause for why in found.chain.whys] == ["socket/closed", "socket/refused", "redis/gone"]
    assert found.others == ()


def test_a_cause_that_is_a_why_of_another_chain_is_no_chain_of_its_own() -> None:
    """The shorter way to what the longer one passes says nothing new."""
    redis = book("redis", cause("gone", root=True, causes=(cause("stopped"),)))
    found = diagnosed(library(book("http", cause("fails", link=("redis",))), redis))
    assert chain(found) == ["fails", "gone", "stopped"]
    assert found.others == ()


def test_a_contributing_cause_is_never_a_root_and_ends_no_chain() -> None:
    """It is told beside the chain."""
    found = diagnosed(
        library(book("down", cause("top", root=True, causes=(cause("retries", contributing=True),))))
    )
    assert chain(found) == ["top"]
    assert [each.cause for each in found.contributing] == ["down/retries"]


def test_a_cause_is_ruled_out_or_untold_only_where_it_is_confirmed_nowhere() -> None:
    """One cause of one subject has one verdict: confirmed before unknown before ruled out."""
    shared = book("shared", cause("x", "flags.a"), applies=None)
    one = book("one", cause("a", causes=(cause("b", link=("shared",)),)))
    found = diagnosed(library(one, shared), flags={"a": True})
    assert [each.cause for each in found.ruled_out] == []
    assert chain(found) == ["a", "b", "x"]


# each, let and links


def test_each_gives_one_cause_for_every_member_with_its_name_as_subject() -> None:
    """Members are named by name, title or id, else by their place; none twice."""
    sick = ({"name": "backend"}, {"title": "Auth"}, {"id": "f"}, {"other": 1}, {"name": "backend"})
    found = diagnosed(
        library(book("down", cause("it", because="{{ one.name or 'it' }} is down"), each=("one", "sick"))),
        sick=sick,
    )
    # The condition of this cause looks at no member, but its because does.
    assert found.roots[0].because == "backend is down"
    assert [each.subject for each in found.roots] == ["backend", "Auth", "f", "4", "backend (5)"]


def test_a_cause_that_looks_at_no_member_has_no_subject() -> None:
    """Reached for every member, it is still one cause: told once."""
    found = diagnosed(
        library(book("down", cause("here", "one.bad", causes=(cause("shared"),)), each=("one", "sick"))),
        sick=({"name": "a", "bad": True}, {"name": "b", "bad": True}),
    )
    assert [each.subject for each in found.roots] == [""]
    assert [why.subject for why in found.chain.whys] == ["a", ""]


def test_a_name_that_is_let_is_about_the_member_that_it_is_taken_from() -> None:
    """A cause over it has that member as its subject."""
    found = diagnosed(
        library(book("down", cause("it", "bad"), each=("one", "sick"), let={"bad": "one.bad"})),
        sick=({"name": "a", "bad": True}, {"name": "b", "bad": False}),
    )
    assert found.root_cause.subject == "a"
    assert [each.subject for each in found.ruled_out] == ["b"]


def test_each_may_use_names_that_are_let_and_they_may_use_its_member() -> None:
    """What depends on the member is taken anew for each, whatever the order."""
    lets = {"sick": "all.filter(a, a.bad)", "host": "one.host"}
    found = diagnosed(
        library(
            book(
                "down",
                cause("it", because="{{ host }} is down", evidence=["one"]),
                each=("one", "sick"),
                let=lets,
            )
        ),
        all=({**record("a"), "bad": True, "host": "h1"}, {**record("b"), "bad": False, "host": "h2"}),
    )
    assert [each.because for each in found.roots] == ["h1 is down"]


def test_each_over_something_unknown_is_one_cause_that_could_not_be_told() -> None:
    """Whether there is such a member is not known: nothing is claimed of one, and nothing ruled out.

    It is told of the runbook as a whole, not of each of its causes.
    """
    books = library(book("down", cause("always"), cause("never", "false"), each=("one", "sick")))
    found = diagnosed(books, sick=gap(why="checks did not answer"))
    assert found.chain is None
    assert [each.cause for each in found.unknown] == ["down"]
    assert found.unknown[0].title == "Down"
    assert found.ruled_out == ()


def test_each_over_a_partial_list_has_its_known_members_and_one_untold() -> None:
    """Those that are there are judged; that there may be more is said."""
    sick = Partial(({"name": "a"},), (gap(why="b did not answer"),))
    found = diagnosed(
        library(book("down", cause("it", because="{{ one.name }}"), each=("one", "sick"))), sick=sick
    )
    assert found.root_cause.subject == "a"
    assert [(each.cause, [gap.why for gap in each.gaps]) for each in found.unknown] == [
        ("down", ["b did not answer"])
    ]


def test_each_over_nothing_asks_nothing_and_rules_a_cause_of_its_own_out() -> None:
    """Without members a runbook has no question; a cause with a text for it is ruled out."""
    quiet = cause("quiet", each=("one", "none"))
    named = cause("named", each=("one", "none"), ruled_out="{{ one.name }} is fine")
    said = cause("said", each=("one", "none"), ruled_out="no connector is there")
    found = diagnosed(
        library(book("down", quiet, named, said), book("idle", cause("x"), each=("o", "none"))), none=()
    )
    assert [(each.cause, each.text) for each in found.ruled_out] == [("down/said", "no connector is there")]


def test_each_over_a_number_is_a_mistake_that_is_noted() -> None:
    """The runbook is named, and its cause counts as untold."""
    found = diagnosed(library(book("down", cause("it", each=("one", "count")))), count=3)
    assert [each.cause for each in found.unknown] == ["down/it"]
    assert found.notes == ("down/it has a mistake: `count` is no list to take one from",)


def test_a_linked_runbook_asks_the_question_of_the_cause_that_leads_there() -> None:
    """Its own question is for when it is asked by itself; its `applies` does not count then."""
    linked = book("redis", cause("gone"), applies="false", asks="What is it with Redis?")
    asking = library(book("down", cause("top", link=("redis",), asks="Why do they fail?")), linked)
    assert diagnosed(asking).chain.whys[1].question == "Why do they fail?"
    silent = library(book("down", cause("top", link=("redis",))), linked)
    assert diagnosed(silent).chain.whys[1].question == "What is it with Redis?"


def test_a_linked_runbook_answers_for_what_the_question_is_about() -> None:
    """Where both say it: one of another service is passed over, and one of nobody knows which is untold."""
    linked = book(
        "redis", cause("gone", "one.bad"), applies=None, each=("one", "sick"), let={"about": "one.of"}
    )
    asking = library(book("down", cause("top", link=("redis",)), let={"about": "env.name"}), linked)
    sick = (
        {"name": "mine", "bad": True, "of": "staging"},
        {"name": "other", "bad": True, "of": "production"},
        {"name": "whose", "bad": True, "of": gap(why="nobody says whose it is")},
        {"name": "all", "bad": True, "of": None},
    )
    found = diagnosed(asking, sick=sick)
    assert [each.subject for each in found.roots] == ["mine", "all"]
    assert [(each.subject, each.gaps[0].why) for each in found.unknown] == [
        ("whose", "nobody says whose it is")
    ]


def test_runbooks_that_lead_in_a_circle_end() -> None:
    """A runbook that is on the way already is not entered again."""
    one = book("one", cause("a", link=("two",)))
    two = book("two", cause("b", link=("one",)), applies=None)
    found = diagnosed(library(one, two))
    assert chain(found) == ["a", "b"]
    assert found.status is Verdict.PARTIAL


def test_a_chain_has_an_end() -> None:
    """However deep causes are nested, and then a note says so."""
    inmost = cause("c50")
    for number in range(49, -1, -1):
        inmost = cause(f"c{number}", root=True, causes=(inmost,))
    found = diagnosed(library(book("down", inmost)))
    assert len(found.chain.whys) == 40
    assert found.notes == ("down/c39: a chain ends after 40 whys",)


# what applies


def test_a_runbook_of_which_is_unknown_whether_it_applies_is_noted_and_not_asked() -> None:
    """Nothing is claimed of a question that perhaps was not to be asked."""
    found = diagnosed(library(book("down", cause("it"), applies="logs.a > 1")), logs=gap())
    assert found.chain is None
    assert found.status is Verdict.UNKNOWN
    assert found.notes == (
        "Could not be told whether this is to be asked about: Down (logs cannot be read).",
    )


def test_a_forced_runbook_is_asked_alone_whether_it_applies_or_not() -> None:
    """And the diagnosis says so. There must be one of that name."""
    books = library(
        book("down", cause("it")), book("rare", cause("odd"), applies="false"), book("linked", cause("l"))
    )
    found = diagnosed(books, "rare")
    assert chain(found) == ["odd"]
    assert found.notes == ("Only the runbook rare was asked.",)
    with pytest.raises(KeyError):
        diagnosed(books, "none-such")


def test_the_question_without_a_chain_is_that_of_the_first_runbook_that_applies() -> None:
    """Else it is a plain one."""
    assert diagnosed(library(book("down", cause("it", "false"), asks="Why down?"))).question == "Why down?"
    assert diagnosed(library()).question == "What is wrong with staging?"


def test_a_mistake_in_a_condition_is_noted_and_makes_the_cause_unknown() -> None:
    """The runbook and the cause are named; the others are judged as ever."""
    found = diagnosed(library(book("down", cause("odd", "shown + 1 > 2"), cause("it"))))
    assert chain(found) == ["it"]
    assert [each.cause for each in found.unknown] == ["down/odd"]
    assert found.notes[0].startswith("down/odd has a mistake: ")


def test_more_work_than_a_diagnosis_may_take_ends_it_with_what_was_found() -> None:
    """The chain until then stands, a note says that it ended early, and nothing is said to be well."""
    squares = "numbers.all(a, numbers.all(b, numbers.all(c, a + b + c >= 0)))"
    books = library(
        book("down", cause("it", root=True, causes=(cause("endless", squares), cause("after")))),
        book("well", cause("all-pass"), healthy=True),
    )
    found = diagnosed(books, numbers=tuple(range(200)))
    assert chain(found) == ["it"]
    assert found.status is Verdict.CONFIRMED
    assert found.notes == (
        "The runbooks ask for more work than a diagnosis may take; this is what was found until then.",
    )
    nothing = diagnosed(
        library(book("well", cause("ok"), cause("endless", squares), healthy=True)), numbers=tuple(range(200))
    )
    assert nothing.status is Verdict.UNKNOWN


def test_runbooks_that_all_lead_to_each_other_end() -> None:
    """There are more ways through twelve of them than anybody can walk; what was found until then stands."""
    names = [f"b{number}" for number in range(12)]
    books = [
        book(name, cause("it", link=tuple(names)), applies="true" if name == "b0" else None) for name in names
    ]
    found = diagnosed(library(*books))
    assert len(found.chain.whys) == 12
    assert found.status is Verdict.PARTIAL
    assert found.notes[0].startswith("The runbooks ask for more work than a diagnosis may take")


# remedies


def test_remedies_follow_from_the_whys_of_chains_with_roots() -> None:
    """Quick before lasting, undoable before not, small before large, then the nearest to the root."""
    found = diagnosed(
        library(
            book(
                "down",
                cause(
                    "top",
                    causes=(cause("deep", remedies=("gate", "wide", "near")),),
                    remedies=("roll", "apply"),
                ),
            ),
            remedies=[
                remedy("gate", lasting=True),
                remedy("wide", undoable=True, reach=2),
                remedy("roll", undoable=True),
                remedy("near", undoable=True, action="repair", commands=()),
                remedy("apply"),
            ],
        )
    )
    assert [each.id for each in found.remedies] == ["near", "roll", "wide", "apply", "gate"]
    near = found.remedies[0]
    assert (near.title, near.text, near.action, near.cause) == ("Near", "Does near", "repair", "down/deep")
    assert [each.reach_text for each in found.remedies[1:3]] == ["1 service", "the environment"]


def test_a_remedy_that_would_not_help_is_not_offered() -> None:
    """Nor one of which that could not be told, which is noted."""
    top = cause("top", remedies=("no", "dunno", "yes", "none-such"))
    remedies = [
        remedy("no", when="false"),
        remedy("dunno", when="logs.a"),
        remedy("yes", when="env.name == 'staging'"),
    ]
    found = diagnosed(library(book("down", top), remedies=remedies), logs=gap())
    assert [each.id for each in found.remedies] == ["yes"]
    assert found.notes == (
        "Not offered, since it could not be told whether it helps: Dunno (logs cannot be read).",
    )


def test_a_remedy_is_offered_once_for_each_thing_that_it_would_do() -> None:
    """Two members give two offers of one remedy where its words differ."""
    books = library(
        book("down", cause("it", "one.bad", remedies=("repair", "gate")), each=("one", "sick")),
        remedies=[remedy("repair", text="Repairs {{ one.name }}"), remedy("gate", lasting=True)],
    )
    found = diagnosed(books, sick=({"name": "a", "bad": True}, {"name": "b", "bad": True}))
    assert [each.text for each in found.remedies] == ["Repairs a", "Repairs b", "Does gate"]


# when it began, and before


def test_onset_and_the_changes_before_it_come_from_the_evidence() -> None:
    """Where it is known; not where nothing is wrong."""
    began = AT - timedelta(minutes=22)
    onset = {
        **record("onset", "first failure"),
        "at": began,
        "before": (record("changes.0"), record("changes.1")),
    }
    down = library(book("down", cause("it")))
    found = diagnosed(down, onset=onset)
    assert found.onset.at == began
    assert [each.id for each in found.onset.changes] == ["changes.0", "changes.1"]
    assert diagnosed(down, onset=gap()).onset is None
    assert diagnosed(down, onset={**onset, "at": gap()}).onset is None
    assert diagnosed(library(book("well", cause("ok"), healthy=True)), onset=onset).onset is None


def test_similar_incidents_are_earlier_ones_with_the_same_root_cause() -> None:
    """Not this one itself, and none with another cause."""
    past = tuple(
        {**record(f"history.{number}"), "id": f"i{number}", "at": at, "root_cause": root, "because": "so"}
        for number, (at, root) in enumerate(
            [(AT, "down/it"), (AT - timedelta(days=3), "down/it"), (AT - timedelta(days=4), "down/other")]
        )
    )
    found = diagnosed(library(book("down", cause("it"))), history=past)
    assert [each.id for each in found.similar] == ["i1"]


# --explain


def test_everything_that_was_looked_at_can_be_told() -> None:
    """In order, with its condition and how that came out: why did it not say X?"""
    deep = cause("deep", "logs.a > 1", settle="Look there")
    books = library(
        book(
            "down",
            cause("it", "1 < 2", because="So", causes=(deep,)),
            cause("no", "false", ruled_out="it is not"),
        ),
        book("rare", cause("odd"), applies="env.name == 'prod'"),
    )
    explained = reason(books, facts(logs=gap()), AT).explained()
    assert [
        (each.cause, each.depth, each.truth.value, each.condition, each.said) for each in explained.considered
    ] == [
        ("down", 0, "true", "true", "Down"),
        ("down/it", 1, "true", "1 < 2", "So"),
        ("down/deep", 2, "unknown", "logs.a > 1", "Look there"),
        ("down/no", 1, "false", "false", "it is not"),
        ("rare", 0, "false", "env.name == 'prod'", "Rare"),
    ]
