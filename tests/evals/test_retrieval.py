"""The retriever on data in BEIR form, and the one-document benchmark."""

import json
from pathlib import Path

import pytest

from assistant.settings import Settings
from corpus.errors import DatasetError, InputError
from evals import documents, retrieval
from evals.metrics import Undefined

DOCUMENTS = {
    "force": "Force. A force can cause an object with mass to change its velocity.",
    "steam": "Steam engine. A steam engine performs mechanical work using steam as its working fluid.",
    "yuan": "Yuan. The dynasty was established by Kublai Khan, leader of the Mongols.",
}
#: From the SQuAD 2.0 development set (Rajpurkar, Jia, Liang, 2018) and Wikipedia, CC BY-SA 4.0; shortened.
SAMPLE = Path(__file__).parents[1] / "data" / "one-document"


def write_beir(folder: Path, **changes: str) -> Path:
    files = {
        "corpus.jsonl": "\n".join(json.dumps({"_id": i, "title": "", "text": t}) for i, t in DOCUMENTS.items()),
        "queries.jsonl": "\n".join(
            json.dumps({"_id": f"q{n}", "text": t})
            for n, t in enumerate(
                ["Who founded the Mongol dynasty?", "engines working with steam", "nobody judged this"]
            )
        ),
        "qrels/test.tsv": "query-id\tcorpus-id\tscore\nq0\tyuan\t2\nq1\tsteam\t1\nq1\tforce\t0\n",
    }
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    for name, text in (files | {k.replace("__", "/"): v for k, v in changes.items()}).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_beir_with_words_alone(tmp_path: Path) -> None:
    """Two judged queries, each with its document first: every number is 1."""
    beir = retrieval.load_beir(write_beir(tmp_path))
    assert beir.judged == ["q0", "q1"]
    retriever = retrieval.build_retriever(beir.documents, "bm25", None)
    assert retrieval.rank(retriever, beir.queries["q1"])[0] == "steam"
    found = retrieval.evaluate(beir, retriever, beir.judged)
    assert {name: value["value"] for name, value in found.items()} == dict.fromkeys(found, 1.0)
    assert found["ndcg@10"]["n"] == 2


def test_no_judged_query_is_undefined(tmp_path: Path) -> None:
    beir = retrieval.load_beir(write_beir(tmp_path))
    with pytest.raises(Undefined):
        retrieval.evaluate(beir, retrieval.build_retriever(beir.documents, "bm25", None), [])


def test_numbers_are_graded() -> None:
    """Grades 2 and 1 in the wrong order: (1 + 2/log2(3)) / (2 + 1/log2(3))."""
    found = retrieval.numbers_of(["b", "a"], {"a": 2.0, "b": 1.0})
    assert found["ndcg@10"] == pytest.approx((1 + 2 / 1.5849625) / (2 + 1 / 1.5849625))
    assert found["recall@1"] == 0.5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"corpus.jsonl": '{"_id": "a"}'}, "corpus.jsonl, line 1: expected the fields '_id' and 'text'."),
        (
            {"corpus.jsonl": '{"_id": 1, "text": ""}\n{"_id": 1, "text": ""}'},
            "corpus.jsonl, line 2: the id '1' is used twice.",
        ),
        ({"queries.jsonl": ""}, "queries.jsonl is empty; expected one JSON object a line."),
        ({"qrels/test.tsv": "q0\tyuan\n"}, "test.tsv, line 2: expected query-id"),
        ({"qrels/test.tsv": "h\th\th\nq9\tyuan\t1\n"}, "test.tsv, line 2: unknown query 'q9'."),
        ({"qrels/test.tsv": "h\th\th\nq0\tmoon\t1\n"}, "test.tsv, line 2: unknown document 'moon'."),
        ({"qrels/test.tsv": "h\th\th\n"}, "test.tsv names no relevant document."),
    ],
    ids=["fields", "twice", "empty", "columns", "query", "document", "nothing"],
)
def test_bad_beir_is_one_sentence(tmp_path: Path, changes: dict[str, str], message: str) -> None:
    changes = {k: (v if "\t" not in v or "h\th" in v else f"h\th\th\n{v}") for k, v in changes.items()}
    with pytest.raises(DatasetError) as caught:
        retrieval.load_beir(write_beir(tmp_path, **changes))
    assert str(caught.value).startswith(message)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no folder"):
        retrieval.load_beir(tmp_path / "none")
    write_beir(tmp_path)
    (tmp_path / "qrels" / "test.tsv").unlink()
    with pytest.raises(InputError, match=r"There is no readable file qrels/test\.tsv"):
        retrieval.load_beir(tmp_path)
    with pytest.raises(InputError, match=r"Unknown method 'magic'; expected bm25, dense, hybrid\."):
        retrieval.check_methods(["magic"])


def test_free_documents_are_passages_of_a_corpus() -> None:
    """White space is collapsed, an empty document keeps its place."""
    found = retrieval.corpus_of({"a": "Two\n words.", "b": ""})
    assert [(p.ref, p.text) for p in found.passages] == [("a", "Two words."), ("b", "b")]


def test_articles_and_their_off_topic_questions() -> None:
    articles = documents.load_articles(SAMPLE)
    assert [a.name for a in articles] == ["force", "yuan_dynasty"]
    strangers = documents.off_topic(articles, "force", 2)
    assert {(i.kind, i.answerable, i.gold_refs) for i in strangers} == {("off_topic", False, ())}
    assert {i.question for i in strangers} <= {i.question for i in articles[1].items}
    assert [a.name for a in documents.chosen(articles, ["yuan_dynasty"])] == ["yuan_dynasty"]
    with pytest.raises(InputError, match=r"There is no article 'moon'; found force, yuan_dynasty\."):
        documents.chosen(articles, ["moon"])


def test_a_folder_without_articles(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds document\.md and questions\.jsonl"):
        documents.load_articles(tmp_path)


def test_thinning_is_even() -> None:
    items = list(documents.load_articles(SAMPLE)[0].items)
    assert documents.thinned(items, 0) == items
    assert documents.thinned(items, 2) == [items[0], items[len(items) // 2]]


def test_corpus_toml_of_an_article() -> None:
    assert documents.title_of('# Yuan "dynasty" \n\ntext', "yuan_dynasty") == 'Yuan "dynasty"'
    assert documents.title_of("text", "yuan_dynasty") == "yuan dynasty"
    assert documents.corpus_toml("Yuan_Dynasty", 'A "b"').splitlines()[:2] == [
        'id = "yuan-dynasty"',
        'symbol = "A \\"b\\""',
    ]


@pytest.mark.model
def test_another_document_is_ingested_and_asked(settings: Settings) -> None:
    """An article nobody prepared anything for: found, cited by its own labels, verbatim."""
    articles = documents.load_articles(SAMPLE)
    records = documents.ask_article(articles[0], articles, settings, limit=6)
    summary = documents.summarise({"force": records})
    table = summary["pooled"]["all"]
    assert table["quote_fidelity"]["value"] == table["citation_validity"]["value"] == 1
    assert table["recall@5"]["value"] >= 0.5
    assert set(summary["pooled"]["kinds"]) == {"fact", "near_miss", "off_topic"}
