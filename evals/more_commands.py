"""Commands of ``mcof eval`` about other data: retrieval, documents, drafts, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from corpus.errors import CheckFailedError, InputError
from evals import checks, store, tables
from evals.dataset import DEFAULT_DATASET, load_dataset, select
from evals.options import Dataset, Kinds, build_assistant, corpus_of, progress, settings_of, split_words


def retrieval_command(
    ctx: typer.Context,
    beir: Annotated[Path, typer.Option("--beir", help="Folder with corpus.jsonl, queries.jsonl, qrels/test.tsv.")],
    method: Annotated[str, typer.Option("--method", help="bm25, dense, hybrid, or several by commas.")] = "hybrid",
    out: Annotated[Path | None, typer.Option("--out", help="JSON file to write the numbers into.")] = None,
) -> None:
    """Measure the retriever on a data set in BEIR form."""
    from evals import retrieval
    from ingest.export import ensure_export

    settings = settings_of(ctx)
    methods = split_words(method)
    retrieval.check_methods(methods)
    data = retrieval.load_beir(beir)
    encoder = ensure_export(settings.data_dir, settings.embedding_model) if set(methods) != {"bm25"} else None
    found = {}
    for name in methods:
        retriever = retrieval.build_retriever(data.documents, name, encoder)
        found[name] = retrieval.evaluate(data, retriever, progress(data.judged, name))
    names = list(next(iter(found.values())))
    rows = [["method", *names], *([m, *(f"{v[n]['value']:.4f}" for n in names)] for m, v in found.items())]
    typer.echo(tables.columns(rows))
    typer.echo(f"{len(data.documents)} documents, {len(data.judged)} of {len(data.queries)} queries judged")
    if out:
        store.write_json(out, {"documents": len(data.documents), "queries": len(data.judged), "methods": found})


def documents_command(
    ctx: typer.Context,
    data: Annotated[Path, typer.Option("--data", help="Folder of folders with document.md and questions.jsonl.")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write the replies and numbers into.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Questions an article, evenly spread; 0: all.")] = 0,
    only: Annotated[str, typer.Option("--only", help="Only these articles, separated by commas.")] = "",
    models: Annotated[
        Path | None, typer.Option("--models", help="Folder of networks trained without the article they judge.")
    ] = None,
) -> None:
    """Run the one-document benchmark: each folder a corpus of its own."""
    from evals import documents
    from evals.replies import dump_lines

    settings = settings_of(ctx)
    articles = documents.load_articles(data)
    found = {}
    for article in documents.chosen(articles, split_words(only)):
        model = documents.held_out_model(models, article) if models else None
        records = documents.ask_article(article, articles, settings, limit=limit, model=model, progress=progress)
        found[article.name] = records
        if out:
            store.write_text(out / article.name / store.ANSWERS, dump_lines(r.reply.as_json() for r in records))
    summary = documents.summarise(found)
    typer.echo(tables.documents_table(summary))
    typer.echo("\n" + tables.documents_headline(summary))
    if not models:
        typer.echo("\nThe shipped networks were trained on the public articles: pass --models for those.")
    typer.echo("\n" + tables.kind_table(summary["pooled"]))
    if out:
        store.write_json(out / store.SUMMARY, summary)


def drafts_command(
    feedback: Annotated[Path, typer.Argument(help="Recorded feedback, one JSON object a line.")],
    out: Annotated[Path, typer.Option("--out", help="File to write the draft items into.")] = Path("drafts.jsonl"),
    dataset: Dataset = DEFAULT_DATASET,
) -> None:
    """Turn thumbs-down and comments into draft items that a person completes."""
    from evals.drafts import drafts, read_feedback
    from evals.replies import dump_lines

    found = drafts(read_feedback(feedback), load_dataset(dataset))
    store.write_text(out, dump_lines(found.items))
    left = f"{found.praised} without complaint, {found.repeated} repeated, {found.known} already in the set"
    typer.echo(f"{checks.counted(len(found.items), 'draft')} written to {out} ({left}).")
    typer.echo("Complete must_include, gold_refs and kind, then check them with 'mcof eval lint'.")


def export_command(
    ctx: typer.Context,
    run: Annotated[Path, typer.Argument(help="Folder of a run.")] = Path("runs/latest"),
    form: Annotated[str, typer.Option("--format", help="ragas.")] = "ragas",
    out: Annotated[Path, typer.Option("--out", help="File to write.")] = Path("ragas.jsonl"),
    dataset: Dataset = DEFAULT_DATASET,
) -> None:
    """Write a run in the form of another evaluation library."""
    from evals.export import export_run
    from evals.replies import dump_lines

    corpus = corpus_of(settings_of(ctx))
    lines = export_run(run, load_dataset(dataset, labels=corpus.by_ref), corpus, form)
    store.write_text(out, dump_lines(lines))
    typer.echo(f"{checks.counted(len(lines), 'sample')} written to {out}.")


def chat_command(
    ctx: typer.Context,
    dataset: Dataset = DEFAULT_DATASET,
    kinds: Kinds = "",
    limit: Annotated[int, typer.Option("--limit", min=0, help="Ask only so many items, evenly spread; 0: all.")] = 0,
    price_read: Annotated[float, typer.Option("--price-read", min=0, help="Price of a million tokens read.")] = 0.0,
    price_written: Annotated[float, typer.Option("--price-written", min=0, help="... and written.")] = 0.0,
    out: Annotated[Path | None, typer.Option("--out", help="JSON file to write the numbers into.")] = None,
) -> None:
    """Compare the composer alone with the composer and the configured language model."""
    from assistant.llm.setup import connect
    from evals.chat import side_by_side, table

    settings = settings_of(ctx)
    if not settings.chat_model:
        raise InputError("No language model is configured: set MCOF_CHAT_MODEL.")
    connect(settings)  # raises what keeps it from being used, before anything is asked
    composer = build_assistant(settings)
    composer.warm()
    items = select(load_dataset(dataset, labels=composer.corpus.by_ref), kinds=split_words(kinds), split="dev")
    if 0 < limit < len(items):
        items = tuple(items[i * len(items) // limit] for i in range(limit))
    with_model = build_assistant(settings, chat=True)
    with_model.warm()
    prices = (price_read, price_written)
    found = side_by_side(composer, with_model, items, composer.corpus, prices=prices, progress=progress)
    typer.echo(table(found, settings.chat_model))
    if out is not None:
        store.write_json(out, {"model": settings.chat_model, **found})
    if found["model"]["invented_levels"]:
        raise CheckFailedError(f"{checks.counted(found['model']['invented_levels'], 'level')} invented.")


def support_command(ctx: typer.Context) -> None:
    """Measure how often the checks of a language model's sentences err, without asking any model."""
    from assistant.llm.support import LEXICAL, EntailmentSupport
    from evals.support import measure, table

    settings = settings_of(ctx)
    assistant = build_assistant(settings)
    support = EntailmentSupport(settings.chat_entailment) if settings.chat_entailment else LEXICAL
    typer.echo(table(measure(assistant.corpus, assistant.lexicon, support)))
