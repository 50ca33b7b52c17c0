"""What somebody types first: a greeting, what is this, what is in it, does it mention something."""

from __future__ import annotations

import pytest

from assistant.answer import Turn
from assistant.assistant import Assistant
from assistant.guards import located
from assistant.mentions import mentions, subject_asked, term_asked, thing_asked
from assistant.routes import PLACES
from assistant.understanding import read
from assistant.verify import check_citation
from corpus.load import Corpus
from corpus.types import CRISES
from tests.fakes import assistant_in_memory


@pytest.mark.parametrize(
    ("question", "route"),
    [
        ("hello", "greeting"), ("Good morning!", "greeting"), ("bonjour", "greeting"), ("hola", "greeting"),
        ("thanks", "empty_thanks"), ("ok got it", "empty_thanks"),
        ("what can you do?", "help"), ("help", "help"), ("who are you?", "help"), ("how does this work", "help"),
        ("what is this document about?", "topic"), ("give me a summary", "topic"), ("summarize", "topic"),
        ("two lines summary for my donor report", "topic"), ("how many annexes are there?", "topic"), ("what's in annex 2", "topic"),
        ("De quoi parle le document ?", "topic"), ("de qué trata el documento", "topic"),
        ("what are the five crisis types", "crises_list"), ("list the kinds of crisis pls", "crises_list"),
        ("quels sont les types de crise ?", "crises_list"),
        ("what are the three phases", "phases_list"), ("which levels are there?", "levels_list"),
        ("what year was the document published", "topic"), ("How old is this document?", "topic"),
        ("who wrote it and when?", "author"), ("who wrote this?", "author"),
        ("what does interpreted mean?", "bases"), ("stated vs interpreted", "bases"), ("que signifie interprété", "bases"),
        ("what do the colours mean", "colours"), ("which colour is critical?", "colours"), ("are you official?", "official"),
        ("difference between sector 6 and sector 7", "definition"),
        ("define IDP", "acronym"), ("what does NFI mean", "acronym"),
    ],
)  # fmt: skip
def test_first_questions_are_answered_from_their_table(assistant: Assistant, question: str, route: str) -> None:
    assert assistant.ask(question).trace.route == route


def test_the_document_is_told_in_its_own_words(assistant: Assistant, corpus: Corpus) -> None:
    answer = assistant.ask("What is this document about?")
    assert answer.status == "grounded"
    assert [c.ref for c in answer.citations][:2] == ["¶2", "¶8"]
    assert all(not check_citation(c, corpus) for c in answer.citations)


def test_the_kinds_of_crisis_each_cite_their_scenario(assistant: Assistant, corpus: Corpus) -> None:
    answer = assistant.ask("what are the five crisis types")
    assert [c.ref for c in answer.citations] == [corpus.crisis(c).ref for c in CRISES]
    assert "5 kinds of crisis" in answer.text


@pytest.mark.parametrize(
    "question",
    ["How many sectors of annex I are critical in a flood?", "how many crises hit Haiti?", "which phase is health critical in?", "summary of the health sector", "What is the difference between health and shelter in a drought?"],
)  # fmt: skip
def test_a_question_that_asks_more_is_no_whole_topic(assistant: Assistant, question: str) -> None:
    assert assistant.ask(question).trace.route not in (
        "topic",
        "crises_list",
        "phases_list",
        "levels_list",
        "definition",
    )


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("does the document mention climate change?", "climate change"),
        ("Does it say anything about children?", "children"),
        ("is Ukraine mentioned?", "ukraine"),
        ("Are unaccompanied minors covered anywhere in the framework?", "unaccompanied minors"),
        ("is there anything on land disputes?", "land disputes"),
        ("does the framework talk about the issue of gender", "gender"),
        ("Who mentions climate change?", ""),
        ("Is shelter important in a drought?", ""),
        ("does the document mention how many people were moved out of Libya and where to?", ""),
        ("is it covered?", ""),
    ],
)
def test_what_is_asked_to_be_mentioned(question: str, thing: str) -> None:
    assert thing_asked(question) == thing


def test_a_mention_is_quoted_where_it_stands(assistant: Assistant, corpus: Corpus) -> None:
    answer = assistant.ask("does it say anything about children?")
    assert (answer.status, answer.trace.route) == ("grounded", "mention")
    assert answer.citations[0].ref == "Sector 10"
    assert all("child" in c.quote.lower() and not check_citation(c, corpus) for c in answer.citations)


def test_a_name_counts_in_its_other_forms(corpus: Corpus) -> None:
    found = mentions("syria", corpus.passages, lambda word: word == "syria")
    assert found
    assert all("Syria" in m.sentence for m in found)
    assert mentions("malaria", corpus.passages, lambda word: False) == []


def test_what_is_not_mentioned_is_told(corpus: Corpus) -> None:
    assistant = assistant_in_memory(corpus)
    assistant._router.means.judge = lambda asked, least: 0.01
    answer = assistant.ask("Does the document mention malaria in camps?")
    assert answer.status == "not_in_document"
    assert "does not mention “malaria in camps”" in answer.text


@pytest.mark.parametrize(
    ("question", "found"),
    [
        (
            "Which paragraph says that evacuation is often the best protection?",
            "evacuation is often the best protection",
        ),
        ("and where does it say they are critical?", "they are critical"),
        ("In which section of the document does it state that States are responsible?", "States are responsible"),
        ("which paragraph defines a migration crisis", "define a migration crisis"),
        ("Which footnote mentions disarmament?", "does the document mention disarmament?"),
        ("which paragraph says that?", ""),
        ("Which paragraph?", ""),
        ("Where does IOM work?", ""),
    ],
)
def test_what_is_to_be_located(question: str, found: str) -> None:
    assert located(question) == found


def test_the_place_of_what_is_asked_for_comes_first(assistant: Assistant) -> None:
    answer = assistant.ask("Which paragraph says that IOM's implementation of the Framework needs no extra resources?")
    assert answer.text.startswith("It stands in ¶21. [1]")
    assert answer.citations[0].ref == "¶21"


def test_the_sector_that_no_scenario_speaks_of_is_named(assistant: Assistant, corpus: Corpus) -> None:
    answer = assistant.ask("Which sector is never mentioned in any scenario?")
    silent = [s.no for s in corpus.sectors if all(c.strongest is None for c in corpus.matrix.select(sectors=[s.no]))]
    assert silent == [14]
    assert "every sector but Migration Policy and Legislation Support (Sector 14)" in answer.text


def test_several_lists_are_given_together(assistant: Assistant) -> None:
    text = assistant.ask("How many sectors, phases and crisis types are there?").text
    assert all(part in text for part in ("15 sectors", "3 phases", "5 kinds of crisis"))


@pytest.mark.parametrize("question", ["What is the role of UNHCR?", "difference between OCHA and UNHCR in a flood"])
def test_a_question_about_a_body_is_no_question_about_its_letters(assistant: Assistant, question: str) -> None:
    assert assistant.ask(question).trace.route != "acronym"


@pytest.mark.parametrize(
    ("question", "sectors"),
    [
        ("I run a camp after a conflict. What is critical for me?", ()),
        ("There is cholera in our camp. What is critical?", ()),
        ("How important is running a camp during a conflict?", (1,)),
        ("I run a camp. How important is health support during an epidemic?", (4,)),
    ],
)
def test_where_somebody_is_is_not_what_they_ask(assistant: Assistant, question: str, sectors: tuple[int, ...]) -> None:
    assert read(question, assistant.lexicon).sectors == sectors


def test_what_is_said_of_the_phase_asked_for_comes_first(assistant: Assistant) -> None:
    answer = assistant.ask("Who should we coordinate with before a cyclone?")
    assert answer.trace.route == "coordination"
    assert "particularly in the before and after phases" in answer.text.split("\n\n")[0]


def test_which_of_two_levels_is_no_question_for_a_yes(assistant: Assistant) -> None:
    answer = assistant.ask("Is reintegration important or critical after a protracted crisis?")
    assert answer.text.startswith("(Re)integration Assistance (Sector 6) reads as important")


def test_two_parts_that_say_the_same_are_shown_once(assistant: Assistant) -> None:
    answer = assistant.ask("What does NFI mean, and what does NFI stand for?")
    assert answer.text.count("NFI stands for") == 1


@pytest.mark.parametrize(
    "thing", ["arms", "relatives", "experiments", "costs and benefits", "india", "shelter but not health"]
)
def test_what_only_begins_alike_is_no_mention(corpus: Corpus, thing: str) -> None:
    """“Does it mention arms?” was answered with “armed conflict”."""
    assert mentions(thing, corpus.passages, lambda word: word == "india") == []


@pytest.mark.parametrize(
    "question",
    [
        "Which paragraph says that shelter is important during a flood?",
        "Which paragraph says that there are 20 sectors?",
        "Which paragraph says that UNHCR coordinates in an epidemic?",
        "Where does it say that IOM evacuated 500 people from Libya?",
    ],
)
def test_what_is_not_so_has_no_place(assistant: Assistant, question: str) -> None:
    assert "It stands in" not in assistant.ask(question).text


@pytest.mark.parametrize(
    "question",
    [
        "Which sectors are not mentioned before a crisis?",
        "Which sectors are not covered by UNHCR?",
        "Is this official IOM policy?",
        "What is emphasised before a crisis?",
        "¿Hay alojamiento para 300 personas?",
    ],
)
def test_what_sounds_alike_is_another_question(assistant: Assistant, question: str) -> None:
    assert assistant.ask(question).trace.route not in ("never", "official", "bases", "label")


def test_no_question_leaves_anything_for_the_next(assistant: Assistant) -> None:
    """Passages ranked for a draft that was thrown away turned up in the trace of another question."""
    plain = "How important is health support during an epidemic?"
    first = assistant.ask(plain)
    for _ in range(5):
        assistant.ask("Did more governments turn to us in the Libyan crisis or in the Syrian crisis?")
        assert assistant.ask(plain) == first


@pytest.mark.parametrize("question", ["in that phase ፩?", "paragraph ፩", "and sector ²?"])
def test_strange_digits_are_no_trouble(assistant: Assistant, question: str) -> None:
    assert assistant.ask(question, [Turn("user", "How is shelter rated in a flood?")]).text


@pytest.mark.parametrize(
    "greeting", ["Good day", "hello team", "Buenos días", "Salut", "hey! how are you doing today :)", "how are things?"]
)
def test_greetings_in_all_forms(assistant: Assistant, greeting: str) -> None:
    assert assistant.ask(greeting).trace.route == "greeting"


def test_an_if_with_its_own_crisis_and_sector_is_complete(assistant: Assistant) -> None:
    history = [Turn("user", "How is health support rated after an earthquake?")]
    answer = assistant.ask("If there is a drought, how important is shelter during it?", history)
    assert {(c.crisis, c.phase, c.sector_no) for c in answer.cells} == {("slow_onset", "during", 2)}


def test_a_document_without_tables_is_told_as_what_it_is(plain_corpus: Corpus) -> None:
    assistant = assistant_in_memory(plain_corpus)
    assert "Standing Committee" not in assistant.ask("who wrote this?").text
    assert "0 phases" not in assistant.ask("what are the three phases").text


def test_every_place_that_mentions_a_thing_is_named(assistant: Assistant, corpus: Corpus) -> None:
    """“Does it mention Syria?” named three places of five, as if there were no more."""
    answer = assistant.ask("Does it mention Syria?")
    found = mentions("syria", corpus.passages, lambda word: True)
    assert len(found) == 5 <= PLACES
    assert all(m.ref in answer.text for m in found)
    assert {c.ref for c in answer.citations} == {m.ref for m in found}


@pytest.mark.parametrize(
    ("question", "term"),
    [
        ("How does the document define a refugee?", "refugee"), ("what is meant by resilience?", "resilience"),
        ("definition of forced migration", "forced migration"), ("What is the definition of resilience?", "resilience"),
        ("What does resilience mean?", "resilience"), ("What's resilience?", "resilience"), ("what are the costs?", ""), ("how are you?", ""), ("what is early recovery in this framework?", "early recovery"),
        ("who leads the cluster?", ""), ("what is the difference between a phase and a sector?", ""), ("what is it?", "it"), ("", ""),
    ],
)  # fmt: skip
def test_a_term_is_asked_for_by_its_meaning(question: str, term: str) -> None:
    assert term_asked(question) == term


@pytest.mark.parametrize("question", ["is wash a sector?", "is there a sector for education?"])
def test_what_is_no_sector_is_told_so(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert answer.trace.route == "sector_list"
    assert answer.text.startswith("No sector is called")
    assert "15. Humanitarian Communications" in answer.text


@pytest.mark.parametrize(
    "question",
    ["is health support a sector?", "is there a sector for trafficking?", "is transport assistance one of the sectors"],
)
def test_what_is_a_sector_is_not_denied(assistant: Assistant, question: str) -> None:
    assert "No sector is called" not in assistant.ask(question).text


def test_of_many_places_the_first_are_named_and_the_others_counted(assistant: Assistant) -> None:
    answer = assistant.ask("Does the document mention IOM?")
    assert "more places" in answer.text
    assert len(answer.citations) == PLACES


def test_what_a_sector_does_is_told_beside_that_it_is_none_by_name(assistant: Assistant) -> None:
    answer = assistant.ask("are evacuations one of the sectors?")
    assert answer.text.startswith("No sector is called")
    assert "Sector 3" in answer.text
    assert "15. Humanitarian Communications" not in answer.text


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("what does the framework say about children?", "children"), ("tell me about the role of the military", "military"),
        ("anything on reparations", "reparations"), ("Gender-based violence", "gender-based violence"),
        ("and what about children and who pays for it?", ""), ("how many children were there?", ""), ("", ""),
    ],
)  # fmt: skip
def test_all_that_is_said_of_one_thing_is_asked_for(question: str, subject: str) -> None:
    assert subject_asked(question) == subject


def test_an_english_word_that_french_has_too_is_english(assistant: Assistant) -> None:
    assert assistant.ask("reparations").language == "en"
    assert assistant.ask("réparations").language == "fr"


def test_annexes_are_counted(assistant: Assistant) -> None:
    assert "Annex I and Annex II" in assistant.ask("how many annexes are there?").text
