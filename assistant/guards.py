"""What is dealt with before a question is understood: unreadable input, orders in disguise, several questions in one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.comparing import gapped
from assistant.text import fold
from corpus.errors import InputError

if TYPE_CHECKING:
    from assistant.acts import Acts

#: What tells what a sentence does; None where nothing was learned.
ActsOf = Callable[[str], "Acts | None"]
#: A sentence is an order where its score for "order" is at least the first and beats that for "asks" by the second. Where a
#: pattern finds one, it is, unless it scores less than the third and asks with the fourth at least. On the dev set that drops
#: no question, and some asides ("confirm pls", "next:").
ORDER, MARGIN = 0.50, 0.25
HARDLY, ASKS = 0.30, 0.65
#: Score for "asks" from which a sentence is what is asked, beside others that tell or order.
ASKING = 0.60
#: An "and" after which another question begins.
_AND_ASKS = re.compile(
    r",?\s(?P<and>and|but)(?=\s(?:(?:is|are|was|were|does|do|did|has|have|can|could|should|will) (?:it|this|that|they|these|those|the|there|iom|we|i|you|he|she|an?|any)|who|whom|what|which|how|when|where|why|if so)\s)",
    re.I,
)
#: Words of a message that describes a situation, at the least.
_TOLD = 5
#: Words that each of two questions in one has.
_HALF = 3
#: Sentences of one message that are looked at closely; a pasted book is judged by patterns.
HEARD = 24
#: Score for "order" from which a message that is nothing else is one.
SURELY_ORDER = 0.60

#: Instructions to the assistant rather than questions. They are dropped as text; what else the message asks is answered.
_INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|rule|prompt|previous|above|your|matrix|document|polic|guideline|restriction|everything|all)\w*"
    r"|\b(?:ignor[ea]z?|oubli[ez]+|olvid[ae]|ignora)\b.{0,40}\b(?:instruc|regle|regla|consigne|tout|todo)\w*"
    r"|^\W*(?:system|assistant|developer|admin|user|instruction)s?\s*(?:prompt|message|note|override|update)?\s*[:>\]]|\[/?(?:system|inst|/inst)\]|<\|?(?:system|im_start|im_end)|###\s*(?:system|instruction)"
    r"|\byou are (?:now|no longer|from now)\b|(?:^\W*|[,:;]\s*|\b(?:please|just|now|and|you|(?:you|i) (?:must|should|will|shall|can|to|now)) )act as\b|\bact as (?:if|though)\b|\bpretend\b|\broleplay\b|\bfrom now on\b|\bdeveloper mode\b|\bjailbreak\b|\bdan mode\b|\bdo anything now\b|\bimagine you(?:'re| are)\b"
    r"|\b(?:print|reveal|show|repeat|output|display|dump|leak|tell me)\b.{0,25}\b(?:your|the|hidden|system|initial|secret)\b.{0,15}\b(?:prompt|instruction|configuration|settings?|password|api key|key|token|credentials|rules|environment|source code)s?\b"
    r"|\b(?:invent|make up|fabricate) (?:a|an|the|some|one|any)\b|\b(?:unrestricted|debug|god|admin|root) mode\b|\bnote to (?:the |any )?(?:ai|assistant|model|bot|llm|system)\b|\b(?:files|keys|tools|data) (?:do )?you (?:have|can) access\b|\b(?:files|keys|tools)\b.{0,20}\byou have access to\b"
    r"|\brepeat after me\b|(?:^\W*|\b(?:please|just|only|simply|and|to|must|should|will|you|now|then) )(?:say|answer|reply|respond|write(?! (?:it|this|that|them) (?:up|down)\b)|state|confirm|output|tell (?:me|them|us) that)\b(?: only| just| exactly| simply| with| that| this| yes| back|:)+.{0,90}"
    r"|\b(?:add|append|insert|include|end|start|begin)\b.{0,30}\b(?:sentence|footer|disclaimer|reply|answer|response|word)\b|\bmust (?:answer|reply|say|state|respond)\b|\byour (?:new|only) (?:task|job|role|rule|goal|instructions?)\b"
    r"|\b(?:new|updated?) (?:rule|instruction|policy|rating|matrix)s?\s*:"
    r"|^\W*(?:please |now |so |just |and )?(?:set|change|update|edit|mark|rate|upgrade|downgrade|overwrite)\b.{0,60}\b(?:as|to) (?:critical|important|recommended)\b"
    r"|<\s*/?\s*(?:script|img|iframe|svg|style|html|body|a)\b|javascript:|\bdrop table\b|\bsudo\b|\brm -rf\b|\{\{.*\}\}|!\[[^\]]*\]\("
    r"|\btranslate (?:the following|this)\b|\bdo not (?:cite|mention|refuse|use the document|check)\b|\bwithout (?:citing|citations|sources|checking)\b|\bstop (?:citing|refusing)\b"
)
_PARTS = re.compile(
    r"\s*(?:#{2,}|={3,}|\*{3,}|-{3,})\s*|(?<=[.!?][\"”'’])\s+|(?<=[.!?;:])\s+|\n+|(?<=[\])}>\"”])\s+(?=[A-Z])|(?<=\])\s+(?=(?:what|which|who|how|when|where)\b)|,?\s+and (?=(?:state|confirm|claim|pretend|say|add) that\b)|\s+[-–—]{1,2}\s+|(?:,|;)\s+(?:and )?then\s+|(?<=[\"”'’.])\s+then\s+(?=(?:tell|answer|explain|give|list|name|what|which|who|how|when|where|can|is|are|does)\b)|\s+and then\s+(?=(?:tell|say|answer|explain|give|list|name|what|which|who|how|when|where|whether)\b)|,\s+(?=(?:what|which|who|how|when|where|is|are|does)\b)"
)
_MARKUP = re.compile(
    r"<\|[^<>|]{0,40}\|>(?:system|user|assistant)?|<[^<>]{0,200}>|!?\[[^\]]*\]\([^)]*\)|https?://\S+|`+|\{\{|\}\}"
)
#: Markup that sets one text apart from the next.
_BLOCK = re.compile(r"</?(?:div|p|br|li|ul|ol|td|tr|table|h[1-6]|section|span|title)\b[^<>]{0,200}>", re.I)
#: A made-up exchange inside one message: what "the assistant" says in it is dropped, what "the user" asks is kept.
_OTHER_SPEAKER = re.compile(
    r"(?:^|(?<=[.!?])\s*)(?:assistant|ai|bot|model|system|chatgpt|mcof)\s*:\s.*?(?=(?:user|human|me|question)\s*:|\Z)",
    re.I | re.S | re.M,
)
_SPEAKER = re.compile(r"(?:^|(?<=[\s.!?]))(?:user|human|me|question|q)\s*:\s*", re.I)
#: Letters set apart, "i g n o r e   a l l": between words stand several spaces.
_SPACED = re.compile(r"(?<!\w)(?:\w\s{1,3}){7,}\w(?!\w)")
#: Letters written as digits, "1gn0r3 4ll rul3s": at least so many words of a message.
_DIGITS_IN_WORD = re.compile(r"\b(?=\w*[a-z])(?=\w*[013457])[a-z013457]{3,}\b", re.I)
_AS_LETTERS = str.maketrans("013457", "oieast")
_LEET_WORDS = 3
#: A block between fences: a pasted document, made-up context.
_FENCED = re.compile(r"(\"{3,}|'{3,}|`{3,}|-{3,}|={3,}|\*{3,}|#{3,})(?=\s)(.+?)(?<=\s)\1", re.S)
#: The user's words in a pasted exchange with a chat model.
_ROLE = re.compile(r"[\"']role[\"']\s*:\s*[\"']user[\"']\s*,\s*[\"']content[\"']\s*:\s*\"((?:[^\"\\]|\\.)*)\"", re.I)
#: Questions with made-up answers that the last one is to follow: "Q: ... A: critical Q: ... A:".
_SHOT = re.compile(r"(?:^|\s)q(?:uestion)?\s*\d*\s*[:.)]\s*(.+?)\s+a(?:nswer)?\s*\d*\s*[:.)]", re.I | re.S)
_QUOTED = re.compile(r"[\"“«]([^\"“”«»]{12,})[\"”»]|(?<!\w)['‘]([^'’]{12,})['’](?!\w)")
_GREETING = re.compile(
    r"^\W*(?:(?:great|ok(?:ay)?|thanks?|thank you|thx|hi|hello|hey|good (?:morning|afternoon|evening|day)|sure|perfect|dear \w+|bonjour|salut|hola|buen[oa]s (?:dias|tardes)|merci|gracias)(?: there| all| again| team)?(?:\s*[,!.:;–-]+\s*|\s+(?=(?:thanks?|thank you|thx|great|perfect|hi|hello)\b)))+(?=(?:\S+\s+){2}\S)",
    re.I,
)
#: Doubts what was said, before saying why or asking anew.
_DOUBT = re.compile(
    r"^\W*(?:hm+,? |but |wait,? )?(?:are (?:you|u) (?:really |quite )?(?:sure|certain)(?: (?:about|of) (?:that|this|it))?|really|seriously)\s*[?!.,]+\s*(?=\S+ \S+ \S)",
    re.I,
)
_DISMISSAL = re.compile(
    r"^\W*(?:ok(?:ay)?,? |no,? |right,? |fine,? )?(?:leave|forget(?: about)?|never ?mind|drop|skip|enough (?:about|of|on)|(?:let's )?(?:set|put|leave) aside) (?:(?!\b(?:what|which|who|how|where|when)\b)[^.?!;:]){1,40}[.!;:]\s*(?=\S+ \S)",
    re.I,
)
#: How long the answer is to be, said after the question.
_MANNER = re.compile(
    r"([?.!]) *(?:(?:in )?(?:short|brief|briefly|quick|quickly)|one line)(?: answer| reply)?(?:,? (?:pls|please|plz|thanks))*\W*$",
    re.I,
)
_LEAD_IN = re.compile(
    r"^\W*(?:and |then |now |so |finally |after that )*(?:please )?(?:answer|reply|tell me)(?: this)?\s*:\s*"
    r"|^\W*(?:and |then |now |so |finally |after that )+(?:please )?tell me\s+(?=(?:what|which|who|how|when|where|why|whether|can|is|are|was|were|do|does|did)\b)",
    re.I,
)
#: The label of a speaker that a message makes up.
_SPEAKS_AS = re.compile(r"^\W*(?:assistant|system|ai|bot|model|admin|developer)\s*:\W*$", re.I)

_SPLIT = re.compile(
    r"(?<=[?;])\s+(?=\S)|,?\s+(?:and also|and|also|plus|et|y)\s+(?=(?:also )?(?:who|what|which|where|when|how|why|qui|quel\w*|combien|comment|pourquoi|quien\w*|que|cual\w*|cuant\w*)\b)",
    re.IGNORECASE,
)
#: A "between" that waits for its second thing.
_BETWEEN = re.compile(r"\bbetween\b(?!.*\band\b)[^?.!;]*$", re.IGNORECASE)
#: The second of two questions without its verb: "which was the sudden one and which the slow one?"
_SHORT_OF = re.compile(r"^(?:which|when) the \w+(?: (?:one|disaster|crisis|sector))?\W*$", re.IGNORECASE)
#: Asks where something is said, and what: "which paragraph says that ...?".
_LOCATES = re.compile(
    r"^\W*(?:(?:and|so|ok|please|can you tell me|tell me|do you know) )*(?:in )?(?:which|what) (?:exact )?(?:paragraph|para|section|passage|part|place|footnote|annex)s?(?: (?:of|in) the (?:document|framework|text|paper|annex))?"
    r" (?:(?:says?|states?|mentions?|defines?|describes?|explains?|lists?|names?|covers?|tells?(?: us)?|speaks? of|talks? about|deals? with)|(?:does (?:it|the (?:document|framework|text|paper)) (?:say|state|mention|define|describe|explain)))(?: that)? (?P<a>.+?)\W*$"
    r"|^\W*(?:(?:and|so|ok|please) )*where (?:does (?:it|the (?:document|framework|text|paper)|iom)|do they) (?:say|state|mention|define|describe|explain)(?: that)? (?P<b>.+?)\W*$",
    re.I,
)
#: What all questions of a message are about, said before them.
_SUBJECT = re.compile(
    r"^\W*((?!(?:\w+ )?(?:questions?|request|task|topic|update|note|test|subject)\b)[^\W\d_][\w'’-]*(?: [\w'’-]+){0,3}):\s+(?=\S+ \S)",
    re.I,
)
_ASKS = re.compile(
    r"\b(?:who|what|which|where|when|how|why|whose|is|are|was|were|do|does|did|can|could|should|will|would|has|have"
    r"|qui|que|quel\w*|combien|comment|pourquoi|quand|est-ce|quien\w*|cual\w*|cuant\w*|como|donde|cuando)\b"
)
#: A word that asks anywhere, a verb that asks or bids where a part begins, or an ellipsis that goes on: "and in a drought".
_WANTS = re.compile(
    r"\b(?:who|whom|whose|what|which|where|when|how|why|whether|qui|que|quel\w*|combien|comment|pourquoi|quand|quien\w*|cual\w*|cuant\w*|donde|cuando)\b"
    r"|(?:^|[.!;:,] )\W*(?:(?:please|pls|and|but|or|also|then|now|so|ok|same|et|y|e) )*(?:is|are|was|were|do|does|did|can|could|should|will|would|has|have|tell|list|name|give|explain|show|describe|compare|define|say|find|dis|donne|explique|lista|di|da|explica)\b"
    r"|^\W*(?:and|or|also|same|et|y|o|ou)\b"
)
#: Parts of a compound question that are answered; more in one message is a list, not a question.
MAX_PARTS = 3

#: Opinions, forecasts, what never was, and help with somebody's own case or text: no document of 2012 holds them.
_OPINION = re.compile(
    r"\b(?:do|would|did) you (?:really |honestly )?(?:personally )?(?:think|believe|feel|prefer|recommend|advise|agree(?! your| on)|reckon(?! with))\b|\byou personally\b|\b(?:in )?your (?:own |honest |personal )?(?:opinion|view|advice|guess|take)\b"
    r"|\bwill\b.{0,80}\bby (?:the year )?20[3-9]\d\b|\bshould (?:my|our) (?:government|country|organi[sz]ation|office|ministry)\b.{0,60}\b(?:give|pay|fund|donate|choose|pick|prefer)\b"
    r"|\bany good\W*$|\bcorrupt\w*\b"
    r"|\bwill (?:it|this|that|they|the \w+|iom(?:'s)?(?: \w+)?) (?:\w+ )?(?:work(?! out)|win|succeed|fail|happen|survive)\b|\b(?:next|coming) (?:year|month|decade|election)s?\b.{0,40}\bwill\b|\bwill\b.{0,60}\bnext (?:year|month|decade|time)\b"
    r"|\bif\b.{0,60}\bhad(?:n't| not)? \w+.{0,80}\bwould\b|\bwould\b.{0,60}\bhave (?:been|happened|done|died|worked)\b"
    r"|\b(?:is|are) (?:\w+ ){1,3}(?:better|worse|smarter|more (?:efficient|effective|honest)) than\b"
    r"|\bcan (?:i|we|you|our \w+|my \w+) (?:be )?(?:sued?|get (?:me|her|him|us|them)|book|find me|lend|hire)\b|\b(?:find|get|book|lend|buy) me (?:a|an|some|one|to|on)\b|\bsend me (?:a|an|some|one)\b"
    r"|\bshould (?:i|my (?:family|wife|husband|children|kids|parents|mother|father|brother|sister|cousin|friends?)(?: and i)?) (?:accept|apply|quit|resign|marry|buy|sell|move|leave|go|stay|flee|return|take (?:the|a) (?:job|offer|contract|post))\b|\bmy (?:visa|salary|contract|landlord|marriage|girlfriend|boyfriend)\b"
    r"|^\W*(?:(?:por favor|s'il te plait|s'il vous plait|puedes|podrias|puede|me puedes|peux-tu|pouvez-vous|pourrais-tu|ayudarme a|ayudar(?:me)? a|ayudame a|m'aider a|aide-moi a),? )*(?:redacta(?:me|r)?|escribe(?:me)?|escribir|rediger?|redigez|ecris|ecrire|ecrivez)(?:-(?:moi|nous))? (?:una?|une?) (?:\w+ )?(?:carta|correo|mensaje|discurso|poema|lettre|courriel|e-?mail|message|discours|poeme|chanson|cancion)\b"
    r"|^\W*(?:please |can you |could you )*(?:write|draft|compose) (?:me |us )?(?:a|an|the) (?:\w+ )?(?:poem|song|story|press release|e-?mail|letter|speech|essay|tweet|post|report|proposal|article|code|script|joke)\b"
    r"|^\W*(?:please |can you |could you )*(?:write|draft|compose|prepare|make) (?:me|us) (?:an?|the|my|our) (?:(?!of\b|on\b)[\w-]+ ){0,3}?(?:plan|memo|briefing|note|talking points|presentation|slides|budget|checklist)\b(?!.*\b(?:what|which|who|how|where|when|why)\b)"
)


def wants_more_than_text(question: str) -> bool:
    """Whether an opinion, a forecast, a piece of writing or help with one person's case is asked for."""
    return bool(_OPINION.search(fold(question)))


def readable(question: str, limit: int) -> str:
    """The question without control characters and surplus white space; its lines stay lines.

    Raises:
        InputError: nothing is left of it, or it is longer than ``limit`` characters.
    """
    if len(question) > limit:
        raise InputError(
            f"The question has {len(question):,} characters; at most {limit:,} can be read. Please shorten it."
        )
    question = _SPACED.sub(lambda found: re.sub(r"(?<=\w)\s(?=\w)", "", found.group()), question)
    if len(_DIGITS_IN_WORD.findall(question)) >= _LEET_WORDS:
        question = re.sub(r"\b[a-zA-Z013457]+\b", lambda found: found.group().translate(_AS_LETTERS), question)
    lines = (
        "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs") else c for c in line)
        for line in question.splitlines()
    )
    text = "\n".join(filter(None, (" ".join(line.split()) for line in lines)))
    if not text:
        raise InputError("The question is empty. Please type a question.")
    return text


def without_greeting(question: str) -> str:
    """The question without the courtesies before it: "Hi all, who leads?" asks who leads."""
    return _GREETING.sub("", question) or question


def without_dismissal(question: str) -> str:
    """The question without the sentence that drops what was spoken of before: "Leave the epidemic. How many ...?"."""
    return _DISMISSAL.sub("", question) or question


def without_doubt(question: str) -> str:
    """The question without a doubt before it; of a doubt before what asks nothing only the doubt: "Are you sure? I thought so."."""
    found = _DOUBT.match(question)
    if found is None:
        return question
    rest = question[found.end() :]
    return found.group().strip() if only_tells(rest) else rest


def foreign_script(question: str) -> bool:
    """Whether most letters are of a script other than Latin."""
    letters = [c for c in question if c.isalpha()]
    latin = sum("LATIN" in unicodedata.name(c, "") for c in letters)
    return bool(letters) and latin * 2 < len(letters)


def _unheard(text: str) -> None:
    """Nothing was learned about what sentences do."""


def orders(text: str) -> bool:
    """Whether a text holds the usual words of an instruction to the assistant."""
    return _INSTRUCTION.search(fold(text)) is not None


def gives_order(text: str, acts_of: ActsOf = _unheard) -> bool:
    """Whether a sentence tells the assistant how to behave, by the usual words of orders and by their manner."""
    told = orders(text)
    acts = acts_of(text)
    if acts is None:
        return told
    if told:
        return acts.order >= HARDLY or acts.asks < ASKS
    return acts.order >= ORDER and acts.order - acts.asks >= MARGIN


def is_order(acts: Acts) -> bool:
    """Whether a whole message of one sentence, without the usual words of an order, is one: more is asked of it."""
    return acts.order >= SURELY_ORDER and acts.asks < 1 - SURELY_ORDER


def without_instructions(question: str, acts_of: ActsOf = _unheard) -> tuple[str, str]:
    """The question without markup and without sentences that order the assistant about, and what was taken out.

    A message of one sentence is only looked at closely where it has the usual words of an order. Either may be empty.
    What was taken out can still say what a rest such as "and in that phase?" is about; it is never followed, nor is any
    level believed that it names.
    """
    asked, orders_before = _apart(_BLOCK.sub("\n", question), acts_of)
    plain = without_greeting(_OTHER_SPEAKER.sub(" ", _MARKUP.sub(" ", asked)).strip())
    spoken = plain if plain.strip() else asked
    plain = _SPEAKER.sub("", spoken) if _OTHER_SPEAKER.search(asked) else spoken
    had_markup = bool(re.search(r"<\s*/?\s*(?:script|img|iframe|svg|style)\b|javascript:", question, re.IGNORECASE))
    parts = sentences_of(plain)
    if len(parts) == 1 and not orders(plain):
        acts_of = _unheard
    taken: list[str] = []
    for number, part in enumerate(parts):
        # what stands in quotes after "repeat after me:", or after "assistant:", belongs to the order
        told = bool(taken) and taken[-1].rstrip().endswith(":") and part.lstrip()[:1] in "\"“'‘«"
        told = told or bool(taken and _SPEAKS_AS.match(taken[-1]))
        if told or gives_order(part, acts_of if number < HEARD else _unheard):
            taken.append(part)
    kept = [p for p in parts if p not in taken]
    if taken and not any(len(p.split()) > 2 for p in kept):
        kept = [q for p in taken for q in quotes(p) if q.endswith("?")]
    # where nothing is taken out, the message stays as it is written, its commas too
    left = " ".join(kept) if taken else plain
    text = _MANNER.sub(r"\1", without_greeting(_LEAD_IN.sub("", " ".join(left.split()))))
    dropped = " ".join(" ".join([*orders_before, *taken]).split())
    return text, dropped or (question if had_markup else "")


def _apart(question: str, acts_of: ActsOf) -> tuple[str, list[str]]:
    """A message without pasted blocks and quotations that give orders, and those; whole where nothing else is asked."""
    said = _ROLE.findall(question)
    shots = _SHOT.findall(question)
    if said or len(shots) > 1:
        return (said or shots)[-1], [question]
    blocks = [m.group() for m in _FENCED.finditer(question)]
    blocks += [m.group() for m in _QUOTED.finditer(question) if gives_order(m.group()[1:-1], acts_of)]
    rest = question
    for block in blocks:
        rest = rest.replace(block, " ")
    return (rest, blocks) if blocks and len(rest.split()) > 3 and asks(rest) else (question, [])


def quotes(text: str) -> list[str]:
    """What stands in quotation marks."""
    return [(m.group(1) or m.group(2)).strip() for m in _QUOTED.finditer(text)]


def sentences_of(text: str) -> list[str]:
    """The sentences and clauses of a message that are looked at one by one."""
    return [p for p in _PARTS.split(text) if p and p.strip(" #*=\"”'’-")]


def asking(text: str, acts_of: ActsOf = _unheard) -> list[str]:
    """The sentences of a message that ask for something."""

    def is_asking(part: str) -> bool:
        acts = acts_of(part)
        return asks(part) if acts is None else acts.asks >= ASKING and acts.asks > max(acts.order, acts.tells)

    return [p for p in sentences_of(text) if is_asking(p)]


def asks(part: str) -> bool:
    """Whether a part of a message holds a word that asks, or a question mark."""
    return "?" in part or _ASKS.search(fold(part)) is not None


def only_tells(part: str) -> bool:
    """Whether a part of a message asks for nothing: "A list please.", "Sahel is 2012 among the examples."."""
    return "?" not in part and _WANTS.search(fold(part)) is None


def _states(part: str) -> bool:
    """Whether what stands before a semicolon only says what the question after it is about: "pandemic in full swing;"."""
    return part.endswith(";") and not asks(part)


def situation(part: str) -> bool:
    """Whether a message only describes what happens, asking nothing: "border guards are turning people back"."""
    return "?" not in part and len(part.split()) >= _TOLD and _WANTS.search(fold(part)) is None


def halves(question: str) -> list[str]:
    """The two questions that an "and" joins, the second told from a mere list by the word it begins with; else none.

    "How is a migration crisis defined and is that agreed by States?"
    """
    found = _AND_ASKS.search(question)
    if found is None:
        return []
    first, second = question[: found.start()].strip(" ,"), question[found.end("and") :].strip()
    return [first, second] if min(len(first.split()), len(second.split())) >= _HALF else []


def located(question: str) -> str:
    """What is to be found, of a question that asks where the document says it; empty for any other, and for "which paragraph says that?"."""
    found = _LOCATES.match(question)
    if found is None:
        return ""
    thing = found["a"] or found["b"]
    verb = fold(question[: found.start("a" if found["a"] else "b")])
    if re.search(r"\b(?:defin|describ|explain)\w*(?: that)? $", verb):
        return f"define {thing}"
    if re.search(r"\bmentions?(?: that)? $", verb) and len(thing.split()) <= 3:
        return f"does the document mention {thing}?"
    return thing if len(thing.split()) > 2 else ""


def parts_of(question: str) -> list[str]:
    """The questions that a message asks, at most ``MAX_PARTS``; usually one."""
    head, _, tail = question.partition("? ")
    head = f"{head.rstrip(' ?.!')}?"
    if gapped(head) and (not tail or only_tells(tail)):
        return [head]
    parts = [p.strip(" ,") for p in _SPLIT.split(question) if p and p.strip(" ,;?")]
    merged: list[str] = []
    subject = _SUBJECT.match(question)
    if subject is not None and len(parts) > 1:  # "Afghanistan: how many came back and how many were trained?"
        parts[1:] = [f"{subject[1]}: {part}" if asks(part) else part for part in parts[1:]]
    for part in parts:
        if merged and (_BETWEEN.search(merged[-1]) or _SHORT_OF.match(part)):
            merged[-1] = f"{merged[-1]} and {part}"  # "the difference between A and what B does" is one question
        elif merged and (len(part.split()) < 2 or len(merged[-1].split()) < 3 or _states(merged[-1])):
            merged[-1] = f"{merged[-1]} {part}"
        else:
            merged.append(part)
    return merged[:MAX_PARTS] or [question]
