"""What a single message is understood to ask."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.lexicon import Lexicon
from assistant.understanding import (
    POINTS_THERE,
    WHAT_THERE_IS,
    Understanding,
    in_danger,
    merge,
    only_thanks,
    read,
    refers,
    understand,
)
from corpus.load import Corpus


@pytest.fixture(scope="module")
def lexicon(corpus: Corpus) -> Lexicon:
    return Lexicon(corpus.lexicon)


@pytest.mark.parametrize(
    ("question", "levels"),
    [
        ("How important is shelter during an earthquake?", ()),
        ("how critical is health support in a protracted crisis", ()),
        ("¿Qué tan importante es la salud durante una epidemia?", ()),
        ("Is shelter important during an earthquake?", ("important",)),
        ("How is shelter rated during an earthquake, critical or important?", ("critical", "important")),
    ],
)
def test_a_question_of_degree_claims_no_level(lexicon: Lexicon, question: str, levels: tuple[str, ...]) -> None:
    """“How important is shelter?” was taken for a claim and answered “Not important.” where it is critical."""
    assert read(question, lexicon).levels == levels


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("what is critical in a drought?", "rating"),
        ("what are the important sectors in a war?", "rating"),
        ("what is important?", "definition"),
        ("what is a drought?", "definition"),
    ],
)
def test_a_level_in_a_crisis_is_asked_for_not_defined(lexicon: Lexicon, question: str, intent: str) -> None:
    """“What is critical in a drought?” was answered with what a drought is."""
    assert read(question, lexicon).intent == intent


@pytest.mark.parametrize(
    ("question", "phases"),
    [
        ("what do we do first after an earthquake", ("during", "after")),
        ("right after a flood, is shelter critical?", ("during", "after")),
        ("is shelter critical after a flood?", ("after",)),
    ],
)
def test_right_after_a_shock_is_still_in_the_crisis(lexicon: Lexicon, question: str, phases: tuple[str, ...]) -> None:
    assert read(question, lexicon).phases == phases


@pytest.mark.parametrize(
    ("earlier", "question", "sectors"),
    [
        ("How many migrants did IOM evacuate from Libya?", "and what is critical after an earthquake?", ()),
        ("Is shelter critical in a war?", "and which are important in a flood?", ()),
        ("Is shelter critical in a war?", "and in a flood?", (2,)),
        ("Is shelter critical in a war?", "who is UNHCR?", ()),
    ],
)
def test_a_question_for_sectors_does_not_inherit_one(
    lexicon: Lexicon, earlier: str, question: str, sectors: tuple[int, ...]
) -> None:
    """The evacuation from Libya made an earthquake's critical sectors a question about transport."""
    assert understand(question, [earlier], lexicon).sectors == sectors


@pytest.mark.parametrize(
    ("question", "sectors"),
    [
        ("what comes first after a cyclone, shelter or health?", (2, 4)),
        ("is it health or shelter first in an earthquake?", (4, 2)),
        ("shelter and health during an epidemic", (2, 4)),
        ("the health of a crisis response", ()),
        ("how is shelter rated for the health of people in a flood?", (2,)),
    ],
)
def test_an_ambiguous_sector_beside_a_certain_one_is_meant_too(
    lexicon: Lexicon, question: str, sectors: tuple[int, ...]
) -> None:
    """“Shelter or health?” was answered for shelter alone, as if it came first."""
    assert read(question, lexicon).sectors == sectors


@pytest.mark.parametrize(
    ("turns", "question", "searched"),
    [
        (["Which partners does IOM work with on shelter?"], "and on protection?", "Which partners does IOM work with on protection?"),
        (["is there anything on gender?"], "and children?", "is there anything on children?"),
        (["is there anything on gender?", "and children?"], "unaccompanied ones I mean", "is there anything on unaccompanied children?"),
        (
            ["Which SCPF paper is about IOM's role in displacement from disasters?"], "And the one about migrants caught in crisis?",
            "Which SCPF paper is about migrants caught in crisis?",
        ),
    ],
)  # fmt: skip
def test_another_thing_takes_the_place_of_the_last(
    lexicon: Lexicon, turns: list[str], question: str, searched: str
) -> None:
    """“And on protection?” was searched for beside “shelter”, which stayed the nearer."""
    assert understand(question, turns, lexicon).english == searched


@pytest.mark.parametrize(
    "question",
    ["and who pays for it?", "and what about if they cross the border?", "and is it rated?", "why?", "and during?"],
)
def test_a_message_that_says_more_takes_no_place(lexicon: Lexicon, question: str) -> None:
    before = "Which partners does IOM work with on shelter?"
    assert (
        understand(question, [before], lexicon).english.count("shelter")
        + understand(question, [before], lexicon).english.count("it")
        > 0
    )


def test_a_long_message_is_no_thing(lexicon: Lexicon) -> None:
    """A nested repetition took minutes over thirty words without an end."""
    long = "and on " + "land " * 60 + "¤"
    assert understand(long, ["Which partners does IOM work with on " + "a b " * 200 + "?"], lexicon).english


@pytest.mark.parametrize(
    ("question", "named"), [("how is shelter rated?", True), ("what do we do at the border?", False)]
)
def test_a_sector_is_named_by_a_certain_word(lexicon: Lexicon, question: str, named: bool) -> None:
    first = read(question, lexicon)
    assert first.sector_named is named
    after = understand("and during an epidemic?", [question], lexicon)
    assert after.sector_named is (named and "sectors" in after.inherited)


@pytest.mark.parametrize(
    ("question", "phases"),
    [
        ("ok and once its over?", ("after",)),
        ("so the drought's done, are clinics important?", ("after",)),
        ("the flood is over, what now", ("after",)),
        ("what is done?", ()),
        ("what's done for them?", ()),
        ("is it over 20 years?", ()),
    ],
)
def test_a_crisis_said_to_be_over_is_after_it(lexicon: Lexicon, question: str, phases: tuple[str, ...]) -> None:
    assert read(question, lexicon).phases == phases


def test_a_natural_disaster_is_of_either_onset(lexicon: Lexicon) -> None:
    """The reply was on sudden onset alone, where the word names both."""
    assert read("who coordinates in a natural disaster?", lexicon).crises == ("sudden_onset", "slow_onset")
    assert read("who coordinates in a natural disaster, a drought?", lexicon).crises == ("slow_onset",)


def test_what_was_spoken_of_outweighs_a_guess(lexicon: Lexicon) -> None:
    """“How not to catch it” was taken for the phase before, though the epidemic was there."""

    def guess(u: Understanding) -> Understanding:
        return replace(u, phases=("before",), guessed=("phases",)) if "catch" in u.question else u

    turns = ["how important is health care during an epidemic?"]
    assert understand("and telling them how not to catch it?", turns, lexicon, guess).phases == ("during",)
    assert understand("and telling them how not to catch it?", ["who pays?"], lexicon, guess).phases == ("before",)


def test_what_is_fought_is_no_war(lexicon: Lexicon) -> None:
    """“Fighting trafficking, where is it crucial?” was answered for man-made disasters alone."""
    assert read("fighting trafficking, where is it crucial?", lexicon).weak_crises == ()
    assert read("where there is fighting, is shelter crucial?", lexicon).weak_crises == ("man_made",)


@pytest.mark.parametrize(
    ("question", "sectors"),
    [
        ("cholera is going round the camps as we speak, what help is rated critical", ()),
        ("tension is rising and families need shelter. which kinds of work are called important or crucial?", ()),
        ("which activities for shelter are critical in a flood?", (2,)),
        ("which kinds of help are critical in a flood, shelter or health?", (2, 4)),
        ("is shelter critical in the camps?", (2,)),
        ("For Sector 4, which measures are important during a health crisis?", (4,)),
        ("Health workers warn of an epidemic. What areas of work are we meant to put effort in?", ()),
        ("an epidemic among those in camps: which sectors should we look at?", ()),
        ("Border management: which activities are rated critical before a war?", (11,)),
    ],
)
def test_the_situation_before_a_question_for_sectors_names_none(
    lexicon: Lexicon, question: str, sectors: tuple[int, ...]
) -> None:
    u = read(question, lexicon)
    assert u.sectors == sectors
    assert bool(u.no_sectors) is (sectors == ())


@pytest.mark.parametrize(
    ("before", "question", "levels"),
    [
        ("what does critical mean?", "and the lowest one, what does it mean", ("recommended",)),
        ("what is important in a flood?", "and the highest?", ("critical",)),
        ("how many levels of emergency are there?", "and the lowest one?", ()),
        ("what is critical in a war?", "and for third-country nationals?", ("critical",)),
        ("what is critical in a flood?", "and in the last phase?", ("critical",)),
        ("what is critical in a flood?", "what about the second week?", ("critical",)),
        ("is shelter critical in a flood?", "and in the middle of an epidemic?", ("critical",)),
    ],
)
def test_a_level_may_be_named_by_its_rank(
    lexicon: Lexicon, before: str, question: str, levels: tuple[str, ...]
) -> None:
    assert merge(read(question, lexicon), read(before, lexicon)).levels == levels


def test_a_sector_that_an_ambiguous_word_named_is_kept_by_a_bare_phase(lexicon: Lexicon) -> None:
    before = read("what is in the framework about health", lexicon)
    assert before.sectors == ()
    assert merge(read("and after?", lexicon), before).sectors == (4,)
    assert merge(read("and after that, what about trade?", lexicon), before).sectors == ()


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("which sector is that?", True),
        ("what does tracing families fall under?", True),
        ("do most of them fall under some protection regime?", False),
        ("what happens when migrants come to the border?", False),
        ("which rights belong to people in camps", True),
    ],
)
def test_which_sector_something_belongs_to(lexicon: Lexicon, question: str, asks: bool) -> None:
    assert read(question, lexicon).which_sector is asks


def test_what_is_put_right_asks_the_same(lexicon: Lexicon) -> None:
    before = read("how much does camp management matter during a flood?", lexicon)
    u = merge(read("sorry, meant a drought", lexicon), before)
    assert (u.crises, u.phases, u.sectors, u.intent) == (("slow_onset",), ("during",), (1,), "rating")


def test_a_prefix_in_brackets_is_searched_for_without_them(lexicon: Lexicon) -> None:
    u = read("how many (re)integration projects?", lexicon)
    assert "reintegration project" in u.english
    assert u.sectors == (6,)


def test_a_question_for_yes_or_no_asks_for_no_meaning(lexicon: Lexicon) -> None:
    """“Does it have to cross a border?” after a definition was answered with the sector on borders."""
    before = ["What is a migration crisis?"]
    assert understand("does it have to cross a border?", before, lexicon).intent != "definition"
    assert understand("and a health crisis?", before, lexicon).intent == "definition"


def test_an_ambiguous_word_names_a_crisis_only_where_one_is_spoken_of(lexicon: Lexicon) -> None:
    asked = "and non state armed groups?"
    assert understand(asked, ["do we work with the military"], lexicon).crises == ()
    assert understand(asked, ["what is critical during a flood?"], lexicon).crises == ("man_made",)


def test_another_sector_is_asked_about_by_itself(lexicon: Lexicon) -> None:
    before = ["how many countries do we do community stabilization in"]
    asked = understand("and reintegration, how many projects have we got", before, lexicon)
    assert "stabilization" not in asked.english


@pytest.mark.parametrize(
    ("earlier", "message", "searched"),
    [
        ("what is the framework for?", "who is it for?", "who is the framework for?"),
        ("who leads the shelter cluster?", "and in conflicts?", "who leads the shelter cluster in conflict?"),
        ("what is health support", "who gets it", "who gets health support"),
    ],
)
def test_what_a_message_refers_to_is_put_in_its_place(
    lexicon: Lexicon, earlier: str, message: str, searched: str
) -> None:
    assert understand(message, [earlier], lexicon, leaning=lambda u, _: u).english == searched


def test_a_question_for_yes_or_no_has_its_pronoun_replaced(lexicon: Lexicon) -> None:
    asked = understand("Does IOM lead any of them?", ["what are clusters"], lexicon, leaning=lambda u, _: u)
    assert asked.english == "Does IOM lead any of clusters?"


def test_what_counts_asks_for_ratings(lexicon: Lexicon) -> None:
    assert read("Protracted crisis, after: what does the text say counts", lexicon).rating_cue
    assert not read("what does each 50 count?", lexicon).rating_cue


@pytest.mark.parametrize(
    ("question", "phases"),
    [
        ("an earthquake just hit, what is important", ("during",)),
        ("cholera is spreading in the camp, who do we work with", ("during",)),
        ("the war is over, what now", ("after",)),
        ("what is important right now", ()),
        ("a cyclone is coming, what do we do right before it", ("before",)),
    ],
)
def test_a_crisis_that_goes_on_is_in_its_during_phase(lexicon: Lexicon, question: str, phases: tuple[str, ...]) -> None:
    assert read(question, lexicon).phases == phases


def test_what_there_is_of_a_kind_points_at_nothing() -> None:
    assert WHAT_THERE_IS.match("what diaspora programmes are there?")
    assert POINTS_THERE.search("and mobilizing the diaspora there?")
    assert not POINTS_THERE.search("what diaspora programmes are there?")


@pytest.mark.parametrize(
    ("message", "alone"),
    [
        ("who gets it?", True),
        ("what are they called?", True),
        ("are there pillars?", False),
        ("who pays for it in Haiti?", False),
    ],
)
def test_a_message_that_only_refers(message: str, alone: bool) -> None:
    assert refers(message) is alone


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        ("help me", True), ("help me please, they are shooting", True), ("please help me now", True),
        ("what can you help me with", False), ("can you help me with the matrix", False), ("help me find the paragraph", False),
    ],
)  # fmt: skip
def test_who_wants_help_with_something_is_in_no_danger(text: str, danger: bool) -> None:
    """A newcomer who asked what the assistant can help with was sent to the emergency services."""
    assert in_danger(text) is danger


@pytest.mark.parametrize(
    ("before", "question", "english"),
    [
        ("Who leads shelter?", "same question for camps", "Who leads camps?"),
        ("Who leads shelter?", "and camps?", "Who leads camps?"),
        ("what are the pillars", "explain the second", "what is pillar 2"),
        ("list the sectors", "tell me about number 4", "what is sector 4"),
        ("what are the phases", "and the last?", "what is done in the “after” stage of a crisis"),
        ("what are the pillars", "and the fifth?", "what are the pillars and the fifth?"),
    ],
)
def test_the_same_of_another_thing(lexicon: Lexicon, before: str, question: str, english: str) -> None:
    assert merge(read(question, lexicon), read(before, lexicon)).english == english


def test_the_next_thing_by_its_place_is_of_the_same_kind(lexicon: Lexicon) -> None:
    """“And the last?” after “the second one?” asks for the last of what was asked for first."""
    second = merge(read("the second one?", lexicon), read("what are the types of crisis", lexicon))
    assert second.crises == ("sudden_onset",)
    assert merge(read("and the last?", lexicon), second).crises == ("health",)


@pytest.mark.parametrize(
    ("question", "levels"),
    [
        ("and the level just below?", ("important",)),
        ("the one above?", ("critical",)),
        ("and below that?", ("important",)),
    ],
)
def test_a_level_by_its_neighbour(lexicon: Lexicon, question: str, levels: tuple[str, ...]) -> None:
    before = read("what does critical mean?", lexicon)
    found = merge(read(question, lexicon), before).levels
    assert found == levels or (question == "the one above?" and found == before.levels)


@pytest.mark.parametrize(
    ("question", "phases"),
    [
        ("who will look after refugees?", ()),
        ("she named her baby after me, what is critical in an epidemic?", ()),
        ("what is critical after an epidemic?", ("after",)),
        ("is its weight the same ahead of an earthquake and following one?", ("before", "after")),
        ("community stabilization at the start, in the middle and at the end of a protracted crisis", ("before", "during", "after")),
    ],
)  # fmt: skip
def test_words_for_a_phase(lexicon: Lexicon, question: str, phases: tuple[str, ...]) -> None:
    assert read(question, lexicon).phases == phases


def test_what_was_not_meant_is_left_out(lexicon: Lexicon) -> None:
    u = read("Sorry, I meant land issues, not shelter: where do we do that?", lexicon)
    assert u.sectors == (9,)


def test_what_a_sector_is_asked_in_is_no_sector(lexicon: Lexicon) -> None:
    """Of militias that arm before an election the work on elections was told, not what counts before a conflict."""
    told = "Elections in eight weeks, militias arming. Before a war breaks out, what should our people be working on?"
    assert read(told, lexicon).sectors == ()
    assert read("In a war, what should we be working on for camp management?", lexicon).sectors == (1,)


def test_more_of_a_thing_that_was_rated_is_asked_of_the_thing(lexicon: Lexicon) -> None:
    before = read("After a war, is dealing with land and property a priority?", lexicon)
    asked = merge(read("Where have you done that?", lexicon), before)
    assert "war" not in asked.english
    assert "land and property" in asked.english


@pytest.mark.parametrize(
    ("text", "taken_in"),
    [
        ("Haiti I know already.", True), ("More than a thousand, you say.", True), ("I see", True), ("noted", True),
        ("tell me something interesting", False), ("Repeat what you said", False), ("Shelter is critical, noted", False),
        ("that is not what you said", False), ("is that noted?", False), ("a" * 2000, False), ("word " * 400, False),
    ],
)  # fmt: skip
def test_what_only_says_that_a_reply_was_taken_in(text: str, taken_in: bool) -> None:
    """A long word took minutes; a claim was thanked for."""
    assert only_thanks(text) is taken_in


@pytest.mark.parametrize(
    ("before", "question"),
    [
        ("Name two crises in Africa", "the second"),
        ("Which sectors are rated critical?", "the first"),
        ("What are the phases?", "the second crisis"),
        ("What are the phases and the sectors?", "the second"),
        ("Which sectors does IOM lead?", "the first"),
    ],
)
def test_a_place_in_another_list_is_not_one_in_the_document(lexicon: Lexicon, before: str, question: str) -> None:
    asked = merge(read(question, lexicon), read(before, lexicon))
    assert not asked.english.startswith("what is")


def test_what_is_denied_beside_more_is_not_left_out(lexicon: Lexicon) -> None:
    u = read("I meant shelter in a drought, not only in a flood", lexicon)
    assert u.crises == ("sudden_onset", "slow_onset")
