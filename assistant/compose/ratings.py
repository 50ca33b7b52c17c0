"""Replies about the matrix: one cell, the sectors of a scenario, the scenarios of a sector, comparisons.

Every level in these replies is read from the table; the words around it come
from the phrases. Nothing here looks at similarity.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.answer import Paragraph, RatingRow, RatingTable
from assistant.compose.draft import Draft, capital, joined
from assistant.compose.tables import define_crisis
from corpus.matrix import Cell
from corpus.types import LEVELS, PHASES, CrisisKey, Level, PhaseKey

#: A list of ratings longer than this is cut to its rated rows; the rest is one question away.
_MAX_ROWS = 16
#: Sentences that are quoted below any list of sectors.
_FEW_SENTENCES = 2


def _scenario_ref(draft: Draft, crisis: CrisisKey, phase: PhaseKey) -> tuple[str, str]:
    """Label and first sentence of the paragraph that speaks of a scenario: where a reader would look."""
    refs = [e.ref for e in draft.corpus.evidence if e.crisis == crisis and e.phase == phase]
    ref = refs[0]
    from assistant.text import sentences

    return ref, sentences(draft.corpus.by_ref[ref].text)[0]


def _modal(note: str) -> str:
    """The tentative wording a note records, such as “can also be”."""
    return note.split("modal wording:", 1)[1].split(";")[0].strip() if "modal wording:" in note else ""


def row(draft: Draft, cell: Cell, label: str) -> RatingRow:
    """One cell as a row of a table, cited."""
    strongest = cell.strongest
    numbers = tuple(dict.fromkeys(draft.cite(e.ref, e.quote) for e in cell.evidence))
    prose = ""
    if strongest is not None:
        values = {
            "label": label,
            "level": draft.level(strongest.level) if strongest.level else "",
            "word": strongest.word,
        }
        prose = draft.say(f"row_{strongest.basis}", **values)
        if strongest.condition:
            prose += draft.say("row_condition", condition=strongest.condition)
    if cell.diagram is not None:
        text = draft.say(
            "row_diagram",
            label=label,
            level=draft.level(cell.diagram.level),
            read_by=cell.diagram.read_by,
            read_on=cell.diagram.read_on,
        )
        if prose:
            text += draft.say("row_diagram_prose", prose=prose.removeprefix(f"{label}: ").removeprefix(f"{label} : "))
    else:
        text = prose or draft.say("row_not_stated", label=label)
    return RatingRow(
        crisis=cell.crisis,
        phase=cell.phase,
        sector_no=cell.sector_no,
        label=label,
        level=cell.level,
        basis=cell.basis,
        word=strongest.word if strongest else "",
        condition=strongest.condition if strongest else "",
        note=strongest.note if strongest else "",
        citations=numbers,
        text=text,
    )


def _look(draft: Draft, cells: Sequence[Cell]) -> None:
    draft.lookups.extend(c.key for c in cells)
    draft.cells.extend(c for c in cells if c not in draft.cells)
    draft.notice = draft.say("ratings_notice")


def one_cell(draft: Draft, cell: Cell, asked: Sequence[Level] = ()) -> None:
    """The rating of one sector in one scenario, with every piece of evidence."""
    _look(draft, [cell])
    sector, phase, crisis = draft.sector(cell.sector_no), draft.phase(cell.phase), draft.crisis(cell.crisis)
    names = {"sector": sector, "phase": phase, "crisis": crisis}
    strongest = cell.strongest
    if strongest is None and cell.diagram is None:
        ref, sentence = _scenario_ref(draft, cell.crisis, cell.phase)
        lead = draft.say("no_level") if asked else ""
        draft.blocks.append(_template(lead + draft.say("cell_not_stated", **names), draft.cite(ref, sentence)))
        draft.status = "not_rated"
        return
    lead = ""
    if asked and not (len(asked) > 1 and cell.level in asked):  # "important or critical?" is no question for a yes
        if cell.level in asked:
            lead = draft.say("yes" if cell.basis in ("stated", "diagram") else "yes_interpreted")
        elif cell.level is not None:
            weaker = all(LEVELS.index(a) > LEVELS.index(cell.level) for a in asked)
            told = joined([draft.level(a) for a in asked], draft.language)
            lead = draft.say("more_than" if weaker else "no_other", asked=told)
        else:
            lead = draft.say("no_level")
    prose = ""
    if strongest is not None:
        key = f"cell_{strongest.basis}" + ("_if" if strongest.condition else "")
        prose = draft.say(
            key,
            **names,
            level=draft.level(strongest.level) if strongest.level else "",
            word=strongest.word,
            condition=strongest.condition,
        )
        modal = _modal(strongest.note)
        if modal and modal not in strongest.word:
            prose += " " + draft.say("modal", note=modal)
    numbers = [draft.cite(e.ref, e.quote) for e in cell.evidence]
    if cell.diagram is not None:
        d = cell.diagram
        text = draft.say(
            "cell_diagram", **names, level=draft.level(d.level), read_by=d.read_by, read_on=d.read_on, edition=d.edition
        )
        draft.blocks.append(_template(lead + text))
        if prose:
            conflict = cell.conflict
            draft.add(draft.say("cell_diagram_conflict", prose=prose) if conflict else prose, numbers[0])
    else:
        if lead:
            draft.blocks.append(_template(lead.strip(), numbers[0]))
        draft.add(prose, numbers[0])
    for evidence in cell.evidence:
        draft.quote(evidence.ref, evidence.quote)


def note_unrated(draft: Draft, cell: Cell) -> None:
    """One line beside another answer: that the text does not rate a cell."""
    place = draft.place(cell.crisis, cell.phase)
    told = draft.say("not_rated_here", items=f"{draft.sector(cell.sector_no)} ({place})")
    draft.blocks.append(_template(capital(told) + "."))


def _template(text: str, *numbers: int) -> Paragraph:
    return Paragraph(text, tuple(numbers), template=True)


def _summary(draft: Draft, cells: Sequence[Cell], levels: Sequence[Level]) -> str:
    """Such as “2 sectors are rated critical (1 by interpretation); 1 sector is rated important”."""
    parts = []
    for level in levels:
        found = [c for c in cells if c.level == level]
        if found:
            key = "list_one" if len(found) == 1 else "list_many"
            told = draft.say(key, level=draft.level(level), sectors=len(found))
            read = sum(c.basis == "interpreted" for c in found)
            parts.append(told + (draft.say("list_interpreted", number=read) if read else ""))
        elif len(levels) < len(LEVELS):
            parts.append(draft.say("list_none", level=draft.level(level)))
    return "; ".join(parts)


def scenario(draft: Draft, crisis: CrisisKey, phase: PhaseKey, levels: Sequence[Level] = ()) -> None:
    """The sectors of one crisis and phase: rated ones as a table, the others named in a line."""
    cells = [c for c in draft.corpus.matrix.select(crises=[crisis], phases=[phase]) if c.basis != "not_stated"]
    _look(draft, cells)
    wanted = tuple(levels) or LEVELS
    shown = sorted(
        (c for c in cells if c.level in wanted), key=lambda c: (LEVELS.index(c.level or "recommended"), c.sector_no)
    )
    rows = tuple(row(draft, c, draft.sector(c.sector_no)) for c in shown)
    summary = _summary(draft, cells, wanted)
    if not rows and not summary:
        summary = draft.say("list_none", level=joined([draft.level(w) for w in wanted], draft.language))
    numbers = tuple(dict.fromkeys(n for r in rows for n in r.citations))
    if not rows:
        ref, sentence = _scenario_ref(draft, crisis, phase)
        numbers = (draft.cite(ref, sentence),)
    text = draft.say("list_head", phase_cap=draft.phase_cap(phase), crisis=draft.crisis(crisis), summary=summary)
    draft.blocks.append(_template(text, *numbers))
    if rows:
        draft.blocks.append(RatingTable("", rows))
    besides = [c for c in cells if c.level is None]
    items, cited = [], []
    for basis in ("emphasised", "mentioned"):
        found = [c for c in besides if c.basis == basis]
        if found:
            items.append(draft.say(f"besides_{basis}", sectors="; ".join(_besides(draft, found))))
            cited += [draft.cite(e.ref, e.quote) for c in found for e in c.evidence]
    if items:
        draft.add(draft.say("list_besides", items="; ".join(items)), *dict.fromkeys(cited))
    _interpreted_note(draft, shown)


def quote_evidence(
    draft: Draft,
    crises: Sequence[CrisisKey],
    phases: Sequence[PhaseKey],
    levels: Sequence[Level] = (),
    *,
    all_of_it: bool,
) -> None:
    """The sentences that the reply on one scenario rests on, in the document's order: they tell what is done.

    Where ``levels`` are asked for, those of the sectors that have one of them. If they are many, only where ``all_of_it``
    is asked for. Of several scenarios nothing: they would be long.
    """
    if len(crises) * len(phases) != 1:
        return
    cells = draft.corpus.matrix.select(crises=crises, phases=phases)
    told = {(e.ref, e.quote) for c in cells if not levels or c.level in levels for e in c.evidence}
    if len(told) > _FEW_SENTENCES and not all_of_it:
        return
    place = draft.corpus.position
    for ref, quote in sorted(told, key=lambda t: (place[t[0]], draft.corpus.by_ref[t[0]].text.find(t[1]))):
        draft.quote(ref, quote)


def _besides(draft: Draft, cells: Sequence[Cell]) -> list[str]:
    """Sectors without a level, those of the same word and condition together: “A, B (“will require”; only: “if …”)”."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for cell in cells:
        first = cell.evidence[0]
        grouped.setdefault((first.word, first.condition), []).append(draft.sector(cell.sector_no))
    told = []
    for (word, condition), sectors in grouped.items():
        only = draft.say("row_condition", condition=condition) if condition else ""
        told.append(f"{', '.join(sectors)} (“{word}”{only})")
    return told


def _interpreted_note(draft: Draft, cells: Sequence[Cell]) -> None:
    if any(c.basis == "interpreted" for c in cells):
        draft.blocks.append(_template(draft.say("interpreted_note")))


def recommended(draft: Draft) -> None:
    """The finding that no sector is called recommended in the prose."""
    level = next(row for row in draft.corpus.levels if row.key == "recommended")
    draft.blocks.append(_template(draft.say("recommended_none"), draft.cite(level.ref, level.quote)))
    draft.notice = draft.say("ratings_notice")
    draft.status = "not_rated"


def slice_of_sector(
    draft: Draft,
    sector_no: int,
    phases: Sequence[PhaseKey] = (),
    levels: Sequence[Level] = (),
    *,
    claimed_everywhere: bool = False,
) -> None:
    """Where a sector stands across all crises, in some phases or in all."""
    cells = draft.corpus.matrix.select(phases=phases, sectors=[sector_no])
    known = [c for c in cells if c.basis != "not_stated"]
    _look(draft, known)
    rated = [c for c in known if c.level is not None and (not levels or c.level in levels)]
    sector = draft.sector(sector_no)
    aim = draft.corpus.sector(sector_no)
    if not known or (levels and not rated):
        key = "reverse_level_none" if levels and known else "reverse_none"
        asked = joined([draft.level(a) for a in levels], draft.language)
        draft.blocks.append(_template(draft.say(key, sector=sector, level=asked), draft.cite(aim.ref, aim.quote)))
        draft.status = "not_rated"
        if not known:
            _elsewhere(draft, sector_no, phases, unrated=False)
            return
        rated = [c for c in known if c.level is not None]
        if not rated:
            return
    by_level: list[str] = []
    for level in LEVELS:
        found = [c for c in rated if c.level == level]
        if found:
            by_level.append(draft.say("list_level", level=draft.level(level), sectors=_places(draft, found)))
    rows = tuple(
        row(draft, c, capital(draft.place(c.crisis, c.phase))) for c in (known if not levels else rated)[:_MAX_ROWS]
    )
    if by_level and draft.status != "not_rated":
        numbers = dict.fromkeys(n for r in rows for n in r.citations)
        if claimed_everywhere and len(rated) < len(cells):
            draft.blocks.append(_template(draft.say("reverse_not_everywhere").strip(), *numbers))
        draft.add(draft.say("reverse_head", sector=sector, summary="; ".join(by_level)), *numbers)
    elif not by_level:
        draft.blocks.append(_template(draft.say("reverse_none", sector=sector), rows[0].citations[0]))
        # it has weight or a mention there, which is shown; where a level was asked for, that is no answer
        draft.status = "partial" if not levels else draft.status
    draft.blocks.append(RatingTable("", rows))
    if not levels:
        _elsewhere(draft, sector_no, phases, unrated=len(known) < len(cells))
    _interpreted_note(draft, rated)


def _elsewhere(draft: Draft, sector_no: int, phases: Sequence[PhaseKey], *, unrated: bool) -> None:
    """What is left of a slice: that the rest of it is ``unrated``, and where else than in it the text speaks of the sector."""
    if unrated:
        draft.blocks.append(_template(draft.say("reverse_rest_there" if phases else "reverse_rest")))
    cells = draft.corpus.matrix.select(sectors=[sector_no])
    inside = draft.corpus.matrix.select(phases=phases, sectors=[sector_no])
    others = [c for c in cells if c not in inside and c.evidence]
    if others:
        _look(draft, others)
        numbers = dict.fromkeys(draft.cite(e.ref, e.quote) for c in others for e in c.evidence[:1])
        draft.blocks.append(_template(draft.say("reverse_elsewhere", places=_places(draft, others)), *numbers))


def _places(draft: Draft, cells: Sequence[Cell]) -> str:
    return joined([draft.place(c.crisis, c.phase) for c in cells], draft.language)


def compare(
    draft: Draft,
    crises: Sequence[CrisisKey],
    phases: Sequence[PhaseKey],
    sectors: Sequence[int],
    levels: Sequence[Level] = (),
) -> None:
    """Several cells side by side, not rated ones included: every place that was asked for has a row."""
    cells = draft.corpus.matrix.select(crises=crises, phases=phases or PHASES, sectors=sectors)
    known = [c for c in cells if c.basis != "not_stated"]
    _look(draft, known or cells[:1])
    if not known:
        cell = cells[0]
        ref, sentence = _scenario_ref(draft, cell.crisis, cell.phase)
        where = joined(list(dict.fromkeys(draft.place(c.crisis, c.phase) for c in cells)), draft.language)
        text = draft.say("not_rated_here", items=f"{draft.sectors(sectors)} ({where})")
        draft.blocks.append(_template(capital(text) + ".", draft.cite(ref, sentence)))
        draft.blocks.append(_template(draft.say("diagrams_lost")))
        draft.status = "not_rated"
        return
    rows = []
    missing = []
    for cell in cells:
        label = " ".join(
            ([draft.sector(cell.sector_no)] if len(sectors) > 1 else []) + [draft.place(cell.crisis, cell.phase)]
        )
        if cell.basis == "not_stated":
            missing.append(capital(label))
        else:
            rows.append(row(draft, cell, capital(label)))
    head = draft.sectors(sectors) if len(sectors) == 1 else draft.say("comparison_head").rstrip(" :")
    same = {c.level for c in cells}
    if len(sectors) > 1 and len(cells) == len(sectors) and len(same) == 1 and None not in same:
        told = draft.say("same_level", sectors=draft.sectors(sectors), level=draft.level(next(iter(same))))  # type: ignore[arg-type]
        draft.blocks.append(_template(told, *dict.fromkeys(n for r in rows for n in r.citations)))
    draft.blocks.append(RatingTable(f"{head}:", tuple(rows)))
    if missing:
        draft.blocks.append(_template(capital(draft.say("not_rated_here", items="; ".join(missing))) + "."))
    _interpreted_note(draft, known)


def across_crises(draft: Draft, phase: PhaseKey, levels: Sequence[Level] = ()) -> None:
    """No crisis was named: the phase across all five; what has weight without a level too, unless levels are asked for."""
    scenarios = [(capital(draft.crisis_plain(c.key)), c.key, phase) for c in draft.corpus.crises]
    items, shown = _lines(draft, scenarios, levels)
    level = f" {draft.say('or')} ".join(draft.level(a) for a in levels)
    head = "slice_head_level" if levels else "slice_head"
    draft.blocks.append(_template(draft.say(head, phase_cap=draft.phase_cap(phase), level=level)))
    draft.bullets(items)
    _interpreted_note(draft, shown)


def phases(draft: Draft, crises: Sequence[CrisisKey], asked: Sequence[PhaseKey]) -> None:
    """The sectors of a crisis, phase by phase: of one scenario as a table, of several in one line each."""
    if len(crises) * len(asked or PHASES) == 1:
        scenario(draft, crises[0], asked[0])
        return
    scenarios = [(capital(draft.place(c, phase)), c, phase) for c in crises for phase in asked or PHASES]
    items, shown = _lines(draft, scenarios)
    draft.blocks.append(_template(draft.say("weight_head")))
    draft.bullets(items)
    _interpreted_note(draft, shown)


def crises_apart(draft: Draft, crises: Sequence[CrisisKey]) -> None:
    """What each of several kinds of crisis is, and what has weight in each of its phases, in one line each."""
    told: list[Cell] = []
    for crisis in crises:
        define_crisis(draft, crisis, quoted=draft.language != "en")
        items, shown = _lines(draft, [(draft.phase_cap(phase), crisis, phase) for phase in PHASES])
        draft.bullets(items)
        told += shown
    _interpreted_note(draft, told)


def _lines(
    draft: Draft, scenarios: Sequence[tuple[str, CrisisKey, PhaseKey]], levels: Sequence[Level] = ()
) -> tuple[list[tuple[str, tuple[int, ...]]], list[Cell]]:
    """A line with its citations for each scenario, named by its label, in which something has weight; and the cells told."""
    items, shown = [], []
    for label, crisis, phase in scenarios:
        told, numbers, cells = _weight(draft, crisis, phase, levels)
        if told:
            items.append((f"{label}: {told}", numbers))
        shown += cells
    _look(draft, shown)
    return items, shown


def _weight(
    draft: Draft, crisis: CrisisKey, phase: PhaseKey, levels: Sequence[Level] = ()
) -> tuple[str, tuple[int, ...], list[Cell]]:
    """The sectors with a level in a scenario in one line, then those with weight alone unless ``levels`` are asked for.

    With the line, the numbers of its citations and its cells.
    """
    cells = [c for c in draft.corpus.matrix.select(crises=[crisis], phases=[phase]) if c.basis != "not_stated"]
    shown = [c for c in cells if c.level in (levels or ("critical", "important"))]
    told = [", ".join(_in_short(draft, c) for c in shown)] if shown else []
    for basis in () if levels else ("emphasised", "mentioned"):
        found = [c for c in cells if c.level is None and c.basis == basis]
        if found:
            told.append(draft.say(f"besides_{basis}", sectors=", ".join(_in_short(draft, c) for c in found)))
            shown += found
    numbers = dict.fromkeys(draft.cite(e.ref, e.quote) for c in shown for e in c.evidence[:1])
    return "; ".join(told), tuple(numbers), shown


def _in_short(draft: Draft, cell: Cell) -> str:
    """A sector with its level, its basis where that is a reading, and whether it is only on a condition."""
    sector = draft.corpus.sector(cell.sector_no)
    level = draft.level(cell.level) if cell.level else ""
    if level and cell.basis == "interpreted":
        level = draft.say("slice_interpreted", level=level)
    told = f"{cell.sector_no}, {level}" if level else str(cell.sector_no)
    strongest = cell.strongest
    return f"{sector.short_name} ({told}{draft.say('slice_if') if strongest and strongest.condition else ''})"


def choose_crisis(draft: Draft, phases: Sequence[PhaseKey]) -> None:
    """A short question back with the five crises as ready-made questions."""
    draft.blocks.append(_template(draft.say("clarify_crisis")))
    draft.status = "needs_clarification"
    for crisis in draft.corpus.crises:
        for phase in phases[:1] or ("during",):
            draft.choices.append(
                draft.say("example_question_list", phase=draft.phase(phase), crisis=draft.crisis(crisis.key))
            )
