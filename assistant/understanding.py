"""From a question to what is asked: slots of the closed vocabulary, kind of question, what it leans on.

The lexicon decides wherever it knows a word. What a follow-up leaves out is
taken from the turn before, slot by slot; a question that stands on its own
inherits nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Literal

from assistant.lexicon import Lexicon, Match
from assistant.manner import asks_whether
from assistant.text import FUNCTION_WORDS, WORD, fold, index_tokens, words
from corpus.types import CRISES, LEVELS, PHASES, SECTOR_NUMBERS, CrisisKey, Language, Level, PhaseKey

Intent = Literal[
    "rating",  # how much a sector counts, or what to do, in a crisis and phase
    "coordination",
    "people",
    "examples",
    "definition",
    "reference",  # which paragraph says that
    "reason",  # why
    "author",  # who wrote that
    "more",
    "less",  # the same, shorter
    "thanks",
    "danger",
    "other",
]


#: Kinds of question that ask about the reply before.
ABOUT_REPLY: tuple[Intent, ...] = ("reference", "reason", "more", "less")


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a question asks, in the closed vocabulary.

    ``text`` is what is asked: the question, or for a follow-up that leans on
    the turn before, both. ``english`` is what is searched for: ``text``, or the
    gloss of a French or Spanish one. ``weak_*`` hold keys that only an ambiguous
    word suggests. ``inherited`` names the slots that came from the history.
    ``rating_score`` is how much the learned model takes it for a question about
    ratings, about 0 to 1, None where the model was not asked; ``sector_guessed``
    that only an ambiguous word and a doubtful score speak for the sector, ``sector_named`` that a certain word does;
    ``guessed`` are slots for which no word speaks, only the model; ``no_sectors`` are those that only the name of a
    crisis, or the user's own place, brings in.
    """

    question: str
    text: str
    language: Language
    tokens: tuple[str, ...]
    english: str = ""
    intent: Intent = "other"
    crises: tuple[CrisisKey, ...] = ()
    phases: tuple[PhaseKey, ...] = ()
    sectors: tuple[int, ...] = ()
    levels: tuple[Level, ...] = ()
    partners: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    weak_crises: tuple[CrisisKey, ...] = ()
    weak_phases: tuple[PhaseKey, ...] = ()
    weak_sectors: tuple[int, ...] = ()
    absent: tuple[str, ...] = ()
    wh: str = ""
    follow_up: bool = False
    inherited: tuple[str, ...] = ()
    comparison: bool = False
    everywhere: bool = False
    rating_cue: bool = False
    rating_score: float | None = None
    sector_guessed: bool = False
    sector_named: bool = False
    guessed: tuple[str, ...] = ()
    no_sectors: tuple[int, ...] = ()
    which_sector: bool = False
    which_crises: bool = False
    which_phases: bool = False
    matches: tuple[Match, ...] = field(default=(), repr=False)

    @property
    def english_tokens(self) -> tuple[str, ...]:
        """Folded words of ``english``; misspelled ones are replaced."""
        return self.tokens if self.language == "en" else tuple(words(self.english))

    @property
    def conversation(self) -> str:
        """The messages that a follow-up is made of, as they were written; empty for any other, and for a gloss."""
        return self.text if self.follow_up and self.language == "en" else ""

    @property
    def foreign_stems(self) -> tuple[str, ...]:
        """Stems of a French or Spanish question as its records are indexed by; empty for an English one."""
        return () if self.language == "en" else tuple(index_tokens(self.tokens, self.language))

    def shown(self) -> dict[str, object]:
        """The slots that hold something, for the trace."""
        keys = (
            "language",
            "intent",
            "crises",
            "phases",
            "sectors",
            "levels",
            "partners",
            "groups",
            "topics",
            "inherited",
        )
        out: dict[str, object] = {k: getattr(self, k) for k in keys if getattr(self, k)}
        if self.follow_up:
            out["follow_up"] = True
        if self.follow_up or self.language != "en":
            out["searched"] = self.english
        return out


_WH: dict[Language, tuple[tuple[str, str], ...]] = {
    "en": (
        ("how_many", r"\bhow (?:many|much|large|big|often|long)\b|\bnumber of\b"),
        (
            "when",
            r"\bwhen (?:was|were|did|is|has|had|does|do)\b|\b(?:in )?(?:what|which) year\b|\bwhat date\b|\bsince when\b",
        ),
        ("where", r"\bwhere\b|\b(?:what|which) (?:country|countries|places?|regions?|continents?)\b"),
        ("who", r"\bwho(?:se|m)?\b|\bwhich (?:agency|organi[sz]ation|body|bodies|actors?|partners?)\b|\bwith whom\b"),
        ("why", r"\bwhy\b|\bwhat for\b(?! (?:a|an|the|in|during|before|after)\b)|\bhow come\b"),
        ("which", r"\bwhich\b|\bwhat\b|\bwhats\b"),
        ("how", r"\bhow\b"),
    ),
    "fr": (
        ("how_many", r"\bcombien\b|\bquel(?:le)? nombre\b"),
        ("when", r"\bquand (?:a|est|ont|fut|le|la|l)\b|\ben quelle annee\b|\bquelle date\b|\bdepuis quand\b"),
        ("where", r"(?<!d')\bou (?:est|sont|a|l|se|trouve)\b|\b(?:quels?|dans quels?) pays\b"),
        ("who", r"\bqui\b|\bquel(?:le)?s? (?:organisme|agence|organisation|acteur|partenaire)s?\b"),
        ("why", r"\bpourquoi\b"),
        ("which", r"\bquel(?:le)?s?\b|\bqu'|\bque\b"),
        ("how", r"\bcomment\b"),
    ),
    "es": (
        ("how_many", r"\bcuant[oa]s?\b"),
        ("when", r"\bcuando (?:fue|se|es|tuvo|empezo)\b|\ben que ano\b|\bque fecha\b|\bdesde cuando\b"),
        ("where", r"\bdonde\b|\b(?:que|cuales) paises\b"),
        ("who", r"\bquien(?:es)?\b|\bque (?:organismo|agencia|organizacion|actor|socio)s?\b"),
        ("why", r"\bpor que\b"),
        ("which", r"\bque\b|\bcual(?:es)?\b"),
        ("how", r"\bcomo\b"),
    ),
}

_COMPARISON = re.compile(
    r"\bcompar\w*|\bdiff(?:er\w*|s)?\b|\b(?:what|how) (?:do (?:i|we|you) )?(?:separates?|sets?|distinguish\w*) .{1,60}\b(?:from|apart)\b|\b(?:tell|keep) .{1,60}\bapart\b|\bside by side\b|\bstacks? up\b|\bmix(?:es|ed|ing)? (?:\w+ ){0,3}up\b|\bmix(?:es|ing)? (?:both|them|the two|those)\b|\bthe one\b.{1,40}\bthe other\b|\bversus\b|\bvs\b|\bas (?:opposed to|against)\b|\brather than\b|\b(?:more|less) (?:critical|important|weight)\b"
    r"|\bsame (?:as|in|for|across|before|after|during|ahead)\b|\bsame \w+ .{0,40}\bas (?:when|in|for|after|before|during)\b|\bcontrast\b|\bchange[sd]? between\b|\bmatters? more\b|\bdistinguish\w*"
    r"|\bdiferenci\w*|\bdifieren?\b|\bmeme chose\b|\bmas (?:importante|critico)\b|\bplus (?:important|critique)e?\b|\bhigher\b|\bboth\b|\boutrank\w*"
)
_EVERYWHERE = re.compile(
    r"\beverywhere\b|\balways\b|\b(?:all|every|each|any) (?:type|kind|sort)?s?(?: of)?(?: a)?(?:the )? ?(?:five |5 )?(?:crisis|crises|phases?|scenarios?|disasters?|emergenc\w+)\b"
    r"|\bacross (?:all|the|every)\b|\bpartout\b|\btoujours\b|\btou(?:te)?s les (?:crises|phases)\b|\bsiempre\b|\btodas las (?:crisis|fases)\b|\bin general\b|\bat all times\b|\bno matter\b"
)
#: The question is about which crises, or which phases: then none of them is filled in by likeness.
_WHICH_CRISES = re.compile(
    r"\b(?:which|what|any|every|all|another|other|list(?: the)?|name(?: every| all)?|in how many|of the)\b(?: \w+){0,3}? (?:crisis|crises|emergenc\w+|situations?|scenarios?|disasters?(?! risk)|cases?|contexts?)\b|\b(?:across|in|through|over) the (?:five |5 )?(?:scenarios|crises|kinds of crisis|types of crisis)\b"
    r"|\b(?:quelles?|toutes les) (?:types? de )?(?:crises?|situations?|scenarios?)\b|\b(?:que|cuales|en que|todas las) (?:tipos? de )?(?:crisis|situaciones|escenarios)\b|\b(?:anywhere|ever)\b|\b(?:at|in) (?:what|which) (?:points|moments|circumstances) (?:is|are|does|do|was|were)\b"
)
_WHICH_PHASES = re.compile(
    r"\b(?:which|what|every|each|all|any) (?:\w+ )?(?:phases?|stages?|moments?|points?|time)\b|^\W*(?:and )?when\b(?! (?:the|a|an|people|there|we|it|they|cholera|war|fighting)\b)|\bat what point\b|\bquelles? (?:phases?|etapes?)\b|\b(?:que|en que) fases?\b"
)
_ALL_PHASES = re.compile(
    r"\b(?:each|every|all(?: the)?|all three|the three) (?:phases?|stages?|steps?)\b|\bthroughout\b|\b(?:stage|phase|step) by (?:stage|phase|step)\b|\bstart to finish\b|\b(?:whole|entire|full) (?:life|course|cycle|lifetime)\b|\b(?:start|beginning|outset|onset)\b.{1,20}\bmiddle\b.{1,20}\b(?:end|aftermath)\b|\bbeginning to (?:the )?(?:end|aftermath)\b|\bearly days to (?:the )?aftermath\b|\bbefore,? (?:and )?during,?(?: and)? after\b|\bfrom (?:the )?(?:run-up|start|beginning|onset|preparation)\b.{0,30}\bto\b|\btoutes les (?:phases|etapes)\b|\btodas las (?:fases|etapas)\b"
)
#: "First after an earthquake", "right after the quake": the shock is over, the crisis is not. Both phases are answered.
_RIGHT_AFTER = re.compile(
    r"\b(?:right|immediately|straight|directly|just|shortly|soon|(?:hours?|days?|minutes?|week)) after\b|\bafter (?:last (?:night|week)|yesterday|today|this (?:morning|week))\b|\bfirst\b.{0,25}\bafter\b|\bjuste apres\b|\bjusto despues\b"
)
#: A crisis that goes on as somebody writes, where no word names a phase.
_GOES_ON = re.compile(
    r"\bwhat now\b|\bright now\b|\bat the moment\b|\bas we speak\b|\bjust (?:hit|struck|started|begun|broken out|broke out|happened|erupted)\b|\b(?:is|are) (?:hitting|raging|spreading|under way|in full swing)\b"
)
#: "Once the fighting's done", "when the long crisis has finally ended": what is asked about comes after.
_OVER = re.compile(
    r"\b(?:once|when|after|now that|as soon as)\b(?:(?![,;.?!]).){1,60}?(?:\b(?:is|are|was|were|has|have|gets?)|'s|'ve)"
    r" (?:\w+ )?(?:over|done|ended|finished|gone|past|resolved|settled|subsided|died down|calmed down|blown over|behind (?:us|them|it))\b"
    r"|(?:\b(?:its|is|are|was|has|have)|'s|'ve) (?:now |all |finally |really )?(?:over|ended|finished|subsided|died down|calmed down|blown over|behind us)(?= now\b| and\b| but\b|[.,;!]| ?\?| ?$)"
    r"|(?<!\bwhat)(?:'s|\bits) (?:now |all |finally )?done(?= now\b|[.,;!]| ?\?| ?$)"
)
_ACTION = re.compile(
    r"\b(?:what|which|whats)\b.{0,60}\b(?:do|done|doing|prepare\w*|ready|focus\w*|provide\w*|deliver|happen|plan\w*|start|priorit\w*|first|matters?|needed|activities|sectors?|assistance|response|steps?|actions?|measures?|programmes?|interventions?|put in place|roll out|support|offer\w*|expected?|count\w*|work|role)\b"
    r"|\bprepar\w*|\bpriorit\w*|\b(?:do|should|must|need|shall|can|would|could) (?:we|i|iom|you|our|the)\b|\bhow (?:important|critical|vital|essential|much weight|high)\b"
    r"|\bhow (?:should|do|does|can|must|would) (?:we|i|iom|one)\b|\brat(?:ed?|ing|ings)\b|\branked?\b|\bstatus\b|\b(?:what|which|same|strong\w*) (?:word|wording|adjective)s?\b|\bto do\b|\brole\b|\bpart of the (?:response|picture)\b|\bcount(?:s)? as\b|\bweight\b|\bon the list\b|\bmatters?\b"
    r"|\bque (?:faire|faut|doit|doivent|devons)\b|\bque (?:hacer|hay que|debemos|debe|se debe)\b|\bfaut-il\b|\bdevons-nous\b|\bdoit-on\b|\bquels? secteurs?\b|\bque sectores?\b|\bpriorit\w+|\bprioridad\w*|\bdebemos\b|\bclasifica\w*|\bclasse\w*|\bevalu\w*|\bactivit\w+|\bactividad\w*|\bsecteurs?\b|\bsector(?:es)?\b|\bniveau\b|\bnivel\b|\bnote\b|\bimporta\w*"
)
#: Words that ask for a rating rather than for what a sector is or did.
_RATING = re.compile(
    r"\brat(?:e|es|ed|ing|ings)\b|\brank\w*|\bpriorit\w*|\bhow (?:important|critical|vital|essential|crucial|urgent|high(?:ly)?|much (?:weight|importance|emphasis))\b|\bweight\w*|\bweigh\b|\blevel\b|\bscores?\b|\bimportance\b"
    r"|\b(?:what|which|same|strong\w*|equally strong) (?:word|wording|adjective)s?\b|\bhow strong\w*|\bstrong(?:er|est)\b|\bhighest\b|\bsame (?:for|in|there|level)\b|\btop of\b|\bmatters?\b|\b(?:what|which)\b.{0,40}\bcounts(?: most| there| here)?\W*$|\burgent\b|\bniveau\b|\bnivel\b|\bnote\b|\bclass(?:e|ee|es)\b|\bclasifica\w*|\bpriorid\w*|\bimportancia\b|\bcategory\b|\bgrade\b|\bstatus\b|\bmust\b|\boutrank\w*|\bsingl(?:es?|ed) out\b"
)
#: Which sector something belongs to.
_WHICH_SECTOR = re.compile(
    r"\b(?:which|what|under what|under which|whose|what kind of)(?: one)?(?: of (?:the|these|those|your|its)(?: 15| fifteen)?)? (?:sector|heading|line of work|branch|area of work|category of work|box|pillar of work|field of work|label|work area|file)s?\b|\bwhat(?:'s| is| are) (?:that|this|it) called\b|\bwhat do (?:you|they|we) call\b|\b(?:quel|dans quel) secteur\b|\b(?:que|en que|cual) sector\b|\b(?:what|which) (?:kind|type|sort|form)s? of (?:help|assistance|support|work)\b.{0,20}\b(?:list|fifteen|15)\b"
)
#: Asks in a crisis which kinds of help there are to be, or which have a level.
_WHICH_HELP = re.compile(
    r"\b(?:what|which) (?:(?:kinds?|types?|sorts?|forms?|areas?|lines?) of )?(?:help|aid|work|assistance|support|sectors?|activit\w+|services|interventions|measures|things|areas)\b(?: \w+){0,3} (?:is|are|was|were|counts?|rated?|called|considered)\b(?! (?:we|i|iom|you|there)\b)"
)
#: Words before such a question that only lead in to the sector it is about.
_LEADS_IN = frozenset("regarding concerning considering speaking terms respect case question thinking".split())
_WHICH_WORK = re.compile(
    r"\b(?:what|which) (?:(?:kinds?|types?|sorts?|areas?|lines?) of (?:help|aid|work|assistance|support)|sectors|areas|activities|services)\b (?:are|should|do|must|can|shall|would|will|need|to|has|have|does|matters?|counts?|comes? first)\b"
    r"|\bwhat (?:should|must|shall|can|do|does|could|would|ought) (?:\w+ ){1,4}?(?:(?:be )?working on|work on|focus on|concentrate on|prioriti[sz]e|have ready|get ready)\b"
)
#: The same in a question that is not to be answered by yes or no.
_UNDER = re.compile(r"\bfalls? under\b|\bbelongs? (?:to|under)\b|\bcomes? under\b")
_REFERENCE = re.compile(
    r"\b(?:which|what|where in (?:the )?(?:text|document)|in which|quote|cite) ?(?:exact |the )?(?:paragraph|para|page|section|passage|part|place|annex)\b|\bwhere (?:does it|do they|is that|does the (?:text|document|framework))\b.{0,30}\b(?:say|says|said|written|write|stated?|stand(?! (?:compared|against|among|beside|next|in relation))|come from|found|mention\w*)\b|\bwhere (?:is that\W*$|in the document|in the text|exactly)"
    r"|\b(?:source|reference|citation)\b|\bwhere is (?:that|this|it) (?:written|stated|from)\b|^\W*(?:and |but |so |ok )?(?:is|was|are) (?:that|this|it|all that) (?:really |actually |even )?(?:written|said|stated)(?: down)?(?: (?:somewhere|anywhere|there|here))?(?: in (?:it|the (?:text|document|framework|paper)))?\W*$|\bshow me the (?:text|quote|source|passage)\b"
    r"|\bquel paragraphe\b|\bou est-ce (?:ecrit|dit)\b|\bque parrafo\b|\bdonde (?:dice|esta escrito|lo dice)\b|\bparagraph\b"
)
_AUTHOR = re.compile(
    r"\bwho (?:wrote|says?|said|authored|published|issued|produced|drafted)\b (?:that|this|it|so)?(?:,? (?:and )?when(?: was (?:that|it))?)?\W*$|\bwho (?:wrote|published|issued|drafted|produced) (?:the|this|that) (?:document|framework|paper|text)\b"
    r"|\bsays who\b|\bwho is (?:the )?author\b(?! of (?!(?:this|that|it|the (?:document|framework|paper|text))\b))|\bqui (?:a ecrit|dit) (?:cela|ca|ce|le document)\b|\bquien (?:escribio|dice|lo dice) ?(?:eso|esto)?\b|\baccording to whom\b|\bon whose authority\b"
)
_REASON = re.compile(
    r"^\W*(?:but |and |so |ok(?:ay)? )?(?:why(?: is (?:that|this|it)| not)?(?: (?:so|that|this))?(?: (?:high|low|much|strong|important|critical))?|how come|what for|for what reason|pourquoi(?: ca| cela)?|por que)\W*$"
    # a doubt asks for the evidence
    r"|^\W*(?:(?:hm+|but|wait|oh|ok(?:ay)?),? )*(?:(?:are|r) (?:you|u) (?:really |quite |absolutely |100% )?(?:sure|certain|positive)|really|seriously|for real|is (?:that|this|it) (?:really |actually )?(?:true|right|correct|so|certain)|says who)(?: (?:about|of|on) (?:that|this|it))?\W*$"
)
_MORE = re.compile(
    r"^\W*(?:(?:please|can you|could you|and|so|ok(?:ay)?|well),? )*(?:tell me more|more(?: details?| info(?:rmation)?)?|go on|continue|elaborate|expand|in (?:more )?detail|details?|say more|explain(?: that| more| further)?|(?:is )?(?:there )?anything else|what else|(?:is )?that(?:'s| is)? (?:all|it|everything)(?=(?: (?:it says|the text says|there is))?\W*\?)|dis-m'en plus|plus de details|dime mas|mas detalles|cuentame mas|y que mas|what more)\b.{0,25}$"
)
_THANKS = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|good|great|fine|noted|cool|perfect|super|alright|right|nice|clear|understood|got it|thanks|thx)\W*){1,4}$"
    r"|^\W*(?:thanks?(?: you)?(?: (?:so|very) much)?|thx|merci(?: beaucoup)?|(?:muchas )?gracias|ok(?:ay)?|great|perfect|got it|hi|hello|hey|bonjour|hola|good (?:morning|afternoon|evening)|bye|goodbye|that(?:'s| is) (?:all|it)(?: for (?:now|today))?)(?:,? (?:there|all|a lot|everyone|thanks|thank you))?[\s.!,]*$"
)
#: Says that a reply was taken in, and asks and claims nothing: "Haiti I know already.", "More than a thousand, you say."
_TAKEN_IN = re.compile(
    r"^(?!\W*(?:what|who|why|how|when|where|which|is|are|was|were|do|does|did|can|could|tell|repeat|explain|show|give|list|say|and|but|no|not)\b)(?!.*\b(?:not|n't|never|critical|important|recommended|rated|rating)\b)"
    r"(?:[\w'’.,-]{1,20} ){0,4}(?:i (?:already know|know (?:that )?already|knew that)|you say|i see|noted|understood|got (?:it|that)|makes sense|fair enough|good to know)\W*$"
)
_DEFINITION = re.compile(
    r"\bsector (?:\d+|number \d+|no \d+) (?:is |be )?(?:called|named|about)\b|\b(?:name|title) of sector \d+\b|\bwhat(?:'s| is| are| does| do)?\b.{0,60}\b(?:mean(?:t|s|ing)?|stand(?:s)? for|refer(?:s)? to|definition|count(?:s)? as|covers?|includes?|involves?|entails?|comprises?|consists? of)\b|\bquiere decir\b|\bveut dire\b|\bhow (?:is|are) .{0,60}\b(?:described|defined|understood)\b|\bdescribe\b|\bexplain\b|\bwhat (?:sort|kind)s? of (?:work|things|activities)\b|\b(?:que couvre|que abarca|en quoi consiste|en que consiste)\b|\bdefin\w+|\bmeaning of\b|\bexplain (?:what|the term)\b|\b(?:idea|thinking|point|purpose) (?:behind|of)\b|\bwhat makes (?:a|one|some) sectors?\b|\bwhen (?:is|does) (?:a|one) sector\b|\bwhat (?:does|do|is|are)\b.{0,80}\b(?:aims?|aimed|supposed to achieve|trying to achieve)\b"
    r"|^\W*(?:so |ok |and )?what(?:'s| is| are|s)(?: meant by)? (?:a|an|the|these|those)?\W*(?:\w+[\s-]+){0,5}\w+\W*$|\bque signifie\b|\bqu'est-ce qu\w*|\bque (?:significa|es|son) (?:un|una|el|la|los|las)?\b|\bquelle est la definition\b"
)
#: Asks for the meaning of a word for sure: "what is critical after a crisis?" asks for sectors.
_MEANING = re.compile(r"\bmean\w*|\bdefin\w+|\brefers? to\b|\bsignif\w+|\bquiere decir\b|\bveut dire\b")
#: Asks who or what one named thing is: complete in itself, where the name is a partner's.
_WHO_IS = re.compile(r"^\W*(?:who|what|qui|quien|que)(?:'s| is| est| es) (?:the )?[\w/-]+\W*$")
FOLLOW_START = re.compile(
    r"^\W*(?:and|but|so|then|also|only|just|instead|ok(?:ay)? (?:and|so|but)|what about|how about|what if|or|same for|et|y|e|alors|entonces|qu'en est-il|mais|pero|que tal|now)\b"
)
PRONOUN = re.compile(
    r"\b(?:it|its|they|them|their|those|these|that one|this one|that|this|(?<!\bare )(?<!\bis )(?<!\bwas )(?<!\bwere )there(?! (?:is|are|was|were)\b)|then|afterwards|the same|such|one|ones|he|she|cela|ca|ceux-ci|celui-ci|ello|eso|esos|esas)\b"
)
#: What announces that something else is spoken of now.
NEW_SUBJECT = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|thanks?|great|right|fine|good|now|so|and|well)[,.!]? )*(?:by the way|(?:just )?(?:one|a) (?:more|last|other|further|quick)(?: (?:question|thing|one|point))?(?=\W*[:,-] (?!(?:and|but|or|so|then|also|after|before|during|in|for|what if|(?:what|how) about (?:in|after|before|during|for))\b)(?!.*\b(?:it|its|they|them|their|that|this|those|these|there|same)\b))|btw|incidentally|on (?:a|an)other (?:note|matter|topic)"
    r"|(?:a )?(?:separate|different|unrelated|new) (?:matter|question|topic|subject|thing|issue|point)|unrelated(?:ly)?|(?:let'?s )?(?:turn|mov)\w*(?: on)?(?: now)? to(?! (?:the )?(?:before|during|after|next) )|(?:switch|chang)\w*(?: the)? (?:topic|subject)"
    r"|(?:leaving|setting|putting) (?:that|this|it|the \w+) aside|forget (?:that|it|this|about)|never ?mind|leave (?:that|it|the)|something else)\b"
)
#: Asks about the document itself, which is always there: "when's the document dated?".
ABOUT_DOCUMENT = re.compile(
    r"\b(?:date|dated|title|titled|symbol|called|number) of (?:this|the) (?:document|paper|framework)\b"
    r"|\b(?:is|was|'s) (?:this|the) (?:document|paper|framework) (?:from|dated|called|titled|numbered)\b"
)
#: The message before is put right: "sorry, I meant the epidemic".
CORRECTS = re.compile(
    r"\b(?:sorry|no|oops|actually),? (?:i )?meant\b|\bi (?:meant?|was talking about|am talking about)\b|\bwrong (?:crisis|phase|sector|one|disaster|country)\b|^\W*(?:no|sorry|oops|actually)[,.:;!-]+ ?(?:not )?(?:in|the|before|during|after|for)\b"
)
#: What a message must hold to ask who says something.
SAYS = re.compile(
    r"\b(?:wrote|writ\w+|says?|said|publish\w*|author\w*|issued?|draft\w*|claims?|according|source|behind)\b"
)
#: "Where to?" asks for a place, not for where it is written.
WHERE_TO = re.compile(r"^\W*(?:and )?(?:to|from) where\b|^\W*(?:and )?where (?:to|from)\b")
#: Something of the closed vocabulary that only the turn before can name: "in that phase".
POINTS_AT = re.compile(
    r"\b(?:that|this|the same|such a) (?:(?:kind|type|sort) of )?(?:phase|stage|crisis|scenario|sector|situation|disaster)\b"
)
#: The scenario that was spoken of, at the end of a message that names a sector: "and mobilizing the diaspora there?".
POINTS_THERE = re.compile(
    r"(?:(?<!\bare )(?<!\bis )(?<!\bwas )(?<!\bwere )\bthere|\bin (?:that|this|the same) (?:case|context|setting)|\b(?:the |at the )?same (?:phase|moment|stage|time|crisis|situation|scenario))\W*$"
)
#: Asks for all there is of a kind, whatever was spoken of: "what diaspora programmes are there?".
WHAT_THERE_IS = re.compile(r"^\W*(?:(?:and|so|ok) )*(?:what|which) (?:\w+ ){1,5}(?:are|is) there\W*$")
#: The slot that each of these words stands for.
_POINTED = {
    "crises": ("crisis", "scenario", "disaster", "situation"),
    "phases": ("phase", "stage"),
    "sectors": ("sector",),
}
ONE = re.compile(
    r"\b(?:a new|another|a second|have|has|had|which|that|this|other) ones?\b|\bsame (?:question|thing)\b|\bmeme (?:question|chose)\b|\blo mismo\b|\bmisma pregunta\b"
)
_DANGER = re.compile(
    r"\b(?:i am|i'm|im|we are|we're|my (?:family|child|children|kids|wife|husband|son|daughter|brother|sister) (?:is|are)) (?:in (?:immediate |grave |real )?danger|trapped|being (?:attacked|shot at|held|trafficked)|stranded and|about to die|under fire|hurt|bleeding|dying|drowning|held against)"
    r"|\b(?:they|someone|he|she|people|soldiers|men) (?:are|is|want to|wants to|will|'re|'s)? ?(?:going to |trying to |shooting |threatening to )?(?:kill|shoot|hurt|rape|attack)(?:ing)? (?:me|us|my)\b"
    r"|\b(?:(?<!you )help me(?! (?:with|to|find|out|write|draft|prepare|understand|read|choose|see|on|get (?:started|going)))|save me|save us|rescue (?:me|us)|send help|i need (?:urgent )?help now|sos)\b|\bi (?:want|am going|plan) to (?:kill myself|die|end my life)\b|\bsuicid\w+ (?:thoughts?)\b|\bi was (?:raped|trafficked|kidnapped)\b"
    r"|\bje suis en danger\b|\bnous sommes en danger\b|\baidez-moi\b|\bau secours\b|\bestoy en peligro\b|\bestamos en peligro\b|\bayuda(?:me|dme|nos)\b|\bsocorro\b"
)


def only_thanks(text: str) -> bool:
    """Whether a message thanks, greets or says that a reply was taken in, and asks nothing."""
    folded = fold(text)
    return _THANKS.match(folded) is not None or ("?" not in text and _TAKEN_IN.match(folded) is not None)


def in_danger(text: str) -> bool:
    """Whether somebody writes that they, or their people, are in danger now."""
    return bool(_DANGER.search(fold(text)))


def _wh(folded: str, language: Language) -> str:
    for name, pattern in _WH[language]:
        if re.search(pattern, folded):
            return name
    return ""


def _keys(matches: Sequence[Match], kind: str, *, weak: bool) -> tuple[str, ...]:
    return tuple(dict.fromkeys(m.key for m in matches if m.kind == kind and m.weak == weak and not m.absent))


_SLOTS = ("crises", "phases", "sectors", "levels", "partners", "groups")
_WEAK = ("weak_crises", "weak_phases", "weak_sectors")

#: Words for a crisis that are verbs before what is fought: "fighting trafficking".
_VERBS = ("fight", "fighting")


def _is_verb(match: Match, matches: Sequence[Match]) -> bool:
    """Whether a word for a crisis says what is done about the sector after it, or is part of its name."""
    sectors = [o for o in matches if o.kind == "sector"]
    return match.term in _VERBS and any(
        o.start == match.end or o.start <= match.start < match.end < o.end for o in sectors
    )


#: Words before "after", and after it, with which it tells no time: "who looks after them?", "she named the baby after me".
_LOOKS = frozenset("look looks looked looking".split())
_NAMES = frozenset("name named call called ask asked asks run runs running take takes took".split())
_SOMEBODY = frozenset("me us you him them each".split())


def _is_no_phase(match: Match, tokens: Sequence[str]) -> bool:
    """Whether a word for a phase tells no time."""
    if match.kind != "phase" or match.term != "after":
        return False
    before, behind = tokens[max(0, match.start - 3) : match.start], tokens[match.end : match.end + 1]
    return bool(_LOOKS & set(before[-1:])) or (bool(_SOMEBODY & set(behind)) and bool(_NAMES & set(before)))


#: Words before a level that make it a question of degree: "how important", "qué tan importante", "à quel point critique".
_DEGREE = frozenset({"how", "tan", "cuan", "point", "more", "less", "equally", "plus", "moins", "mas", "menos"})
#: Forms of a level's word that name no level: "what does it recommend in a pandemic?" asks for advice.
_ADVISES = frozenset("recommend recommends recommending recommendation recommendations".split())


def _asks_degree(match: Match, tokens: Sequence[str]) -> bool:
    """Whether a level's word asks how much rather than claims that level: "how important is it?" claims nothing."""
    if match.kind != "level":
        return False
    return tokens[match.start] in _ADVISES or (match.start > 0 and tokens[match.start - 1] in _DEGREE)


#: "Besides the government and OCHA", "anyone other than UNHCR": those named are not what is asked for.
_BESIDES = re.compile(
    r"\b(?:besides?|except(?: for)?|other than|apart from|aside from|in addition to|beyond|not counting)\W+((?:\w+\W+){0,6})$"
)


#: What stands between two things of which neither is the other's doing: "shelter or health", "health and shelter".
_EITHER = (("or",), ("or", "the"), ("or", "is", "it"), ("versus",), ("vs",), ("o",), ("ou",))
#: The same where a crisis is named, whose ratings both are asked for.
_BOTH = (("and",), ("and", "the"), ("y",), ("et",))
#: Where somebody is, or what they run, who asks about something else: "I run a camp after a conflict. What is critical?".
_PLACE_OF_USER = re.compile(
    r"(?:^|[.,;:!?]\s*|\b(?:and|as|since|because|now|hi|hello|where) )(?:i|we) (?:run|runs|manage|work (?:in|at)|live in|am in|are in|operate|look after) (?:(?:a|an|the|our|my|this|two|three|several|some)\s+)?(?:\w+ )?(?:camp|site|settlement|clinic)s?\b"
    r"|\b(?:in|at|near|outside|of) (?:my|our|this) (?:\w+ )?(?:camp|site|settlement|clinic)s?\b"
)


def _places_of_user(folded: str) -> list[tuple[int, int]]:
    """Half-open ranges of words that only say where the user is."""
    found = _PLACE_OF_USER.finditer(folded)
    return [(len(words(folded[: m.start()])), len(words(folded[: m.end()]))) for m in found]


def _within(match: Match, places: Sequence[tuple[int, int]]) -> bool:
    """Whether a sector is named only there."""
    return match.kind == "sector" and any(a <= match.start and match.end <= b for a, b in places)


def _covered(match: Match, matches: Sequence[Match]) -> bool:
    """Whether a certain crisis is named with a match's words: the "health" of "health crisis" is no sector."""
    longer = (m for m in matches if m.kind == "crisis" and not m.weak and m.end - m.start > match.end - match.start)
    return any(m.start <= match.start and match.end <= m.end for m in longer)


def _joined(match: Match, matches: Sequence[Match], tokens: Sequence[str]) -> bool:
    """Whether only "or", or "and" beside a crisis, stands between an ambiguous sector and a certain one: "shelter or health?"."""
    if match.absent:
        return False
    certain = (m for m in matches if m.kind == match.kind and not m.weak and not m.absent and m.key != match.key)
    gaps = (tuple(tokens[min(m.end, match.end) : max(m.start, match.start)]) for m in certain)
    joins = _EITHER + _BOTH if any(m.kind == "crisis" and not m.weak for m in matches) else _EITHER
    return any(gap in joins for gap in gaps)


def _without_situation(matches: Sequence[Match], said: Sequence[str], asked_from: int) -> tuple[Match, ...]:
    """The matches without the sectors before the place from which sectors are asked for, where a situation is told there.

    "Cholera is in the camps, what help is rated critical?" is not about camps; "regarding health support: which activities
    are critical?" tells no situation.
    """
    if not set(uncovered(said[:asked_from], matches, "en")) - _LEADS_IN:
        return tuple(matches)
    return tuple(m for m in matches if m.kind != "sector" or m.start >= asked_from)


def _set_aside(match: Match, tokens: Sequence[str]) -> bool:
    """Whether a partner is named only to ask for the others."""
    return match.kind == "partner" and bool(_BESIDES.search(" ".join(tokens[: match.start]) + " "))


def read(question: str, lexicon: Lexicon, default_language: Language = "en") -> Understanding:
    """What one message says by itself, nothing inherited.

    Of a French or Spanish message the gloss is read too: its English words fill what the message's own leave open.
    """
    language = lexicon.language(question, default_language)
    u = _read(question, language, lexicon)
    return u if language == "en" else _completed(u, _read(u.english, "en", lexicon))


def _completed(u: Understanding, gloss: Understanding) -> Understanding:
    """``u`` with the slots and the kind of question that only its gloss shows."""
    slots = {
        s: getattr(gloss, s) for s in (*_SLOTS, "topics", *_WEAK, "sector_named", "no_sectors") if not getattr(u, s)
    }
    if u.intent == "other" and gloss.intent in ("rating", "coordination", "people", "examples", "definition"):
        slots["intent"] = gloss.intent
    return replace(u, **slots)


#: What somebody says that they did not mean: "I meant camps, not shelter".
_NOT_THAT = re.compile(
    r"(\bi (?:meant|mean|was talking about|am talking about|asked about)\b[^,;:.?!]{1,60}), ?(?:and )?not (?!(?:only|just|merely|necessarily|critical|important|recommended|in|during|after|before|for)\b)[^,;:.?!]{1,40}(?=[,;:.?!]|$)",
    re.IGNORECASE,
)
#: Names one of all that are asked for.
_INCLUDED = re.compile(r"\bincluded\W*$|\bincluding (?:\w+ ?){1,3}\W*$")
#: Asks the same again of something else, which "and for ...?" says, too.
_SAME_AGAIN = re.compile(
    r"^\W*(?:(?:and|ok(?:ay)?|now|so|then|also)\W+)*(?:the )?same(?: (?:question|thing|query|again|here|goes|one))*,? (?:but )?(?=(?:on|about|for|in|with|during|after|before)\b)",
    re.IGNORECASE,
)


def _read(question: str, language: Language, lexicon: Lexicon) -> Understanding:
    question = _SAME_AGAIN.sub("and ", question)
    english = lexicon.english(question, language)
    if language == "en":
        english = _NOT_THAT.sub(r"\1", english)
        question = english
    english = _OPTIONAL.sub(r"\1", english)
    folded = fold(question)
    tokens = tuple(lexicon.corrected(question, language))
    matches = tuple(
        m for m in lexicon.match(question, language) if not _asks_degree(m, tokens) and not _set_aside(m, tokens)
    )
    matches = tuple(m for m in matches if not _is_verb(m, matches) and not _is_no_phase(m, tokens))
    users = _places_of_user(folded)
    covered = [m for m in matches if m.weak and m.kind == "sector" and _covered(m, matches)]
    covered += [m for m in matches if m not in covered and _within(m, users)]
    matches = tuple(m for m in matches if m not in covered)
    strong = {
        kind: _keys(matches, kind, weak=False)
        for kind in ("crisis", "phase", "sector", "level", "partner", "group", "topic")
    }
    weak = {kind: _keys(matches, kind, weak=True) for kind in ("crisis", "phase", "sector")}
    joined = [m.key for m in matches if m.weak and m.kind == "sector" and _joined(m, matches, tokens)]
    if joined:
        strong["sector"] = tuple(dict.fromkeys(m.key for m in matches if m.key in (*strong["sector"], *joined)))
    crises: tuple[CrisisKey, ...] = tuple(k for k in CRISES if k in strong["crisis"])
    if not crises and weak["crisis"] and len({(m.start, m.end) for m in matches if m.kind == "crisis"}) == 1:
        # one word for several: "a natural disaster" is one of sudden or of slow onset, and both are answered for
        crises = tuple(k for k in CRISES if k in weak["crisis"]) if len(weak["crisis"]) > 1 else ()
    phases: tuple[PhaseKey, ...] = tuple(k for k in PHASES if k in strong["phase"])
    if _ALL_PHASES.search(folded):
        phases = PHASES
    elif phases == ("after",) and _RIGHT_AFTER.search(folded):
        phases = ("during", "after")
    elif not phases and _OVER.search(folded):
        phases = ("after",)
    elif not phases and (crises or weak["crisis"]) and _GOES_ON.search(folded):
        phases = ("during",)
    comparison = bool(_COMPARISON.search(folded))
    if comparison and language == "en":
        crises = tuple(k for k in CRISES if k in crises or k in _compared(tokens, matches))
        if phases:  # "the same ahead of an earthquake and following one?"
            phases = tuple(k for k in PHASES if k in (*phases, *weak["phase"]))
    sectors = tuple(int(k) for k in strong["sector"])
    which_crises = bool(_WHICH_CRISES.search(folded))
    if which_crises and _INCLUDED.search(folded):
        crises, weak["crisis"] = (), ()  # "list the crises in which it counts, outbreaks included"
    help_asked = None
    if strong["level"]:
        help_asked = _WHICH_HELP.search(folded)
    elif crises or weak["crisis"]:
        help_asked = _WHICH_WORK.search(folded)
    if help_asked is not None:
        matches = _without_situation(matches, words(folded), len(words(folded[: help_asked.start()])))
        left = {int(m.key) for m in matches if m.kind == "sector"}
        sectors = tuple(no for no in sectors if no in left)
        weak["sector"] = _keys(matches, "sector", weak=True)
    sectors_asked = help_asked is not None and not sectors and not weak["sector"]
    levels: tuple[Level, ...] = tuple(k for k in LEVELS if k in strong["level"])
    result = Understanding(
        question=question,
        text=question,
        language=language,
        tokens=tokens,
        english=english,
        crises=crises,
        phases=phases,
        sectors=sectors,
        sector_named=bool(sectors),
        levels=levels,
        partners=strong["partner"],
        groups=strong["group"],
        topics=strong["topic"],
        weak_crises=tuple(k for k in CRISES if k in weak["crisis"] and k not in crises),
        weak_phases=tuple(k for k in PHASES if k in weak["phase"] and k not in phases),
        weak_sectors=tuple(int(k) for k in weak["sector"] if int(k) not in sectors),
        no_sectors=tuple(SECTOR_NUMBERS)
        if sectors_asked
        else tuple(int(m.key) for m in covered if m.key not in {o.key for o in matches if o.kind == "sector"}),
        absent=tuple(dict.fromkeys(m.term for m in matches if m.absent)),
        wh=_wh(folded, language),
        comparison=comparison,
        everywhere=bool(_EVERYWHERE.search(folded)),
        rating_cue=bool(_RATING.search(folded)),
        which_sector=bool(_WHICH_SECTOR.search(folded) or (_UNDER.search(folded) and not asks_whether(question))),
        which_crises=which_crises,
        which_phases=bool(_WHICH_PHASES.search(folded)),
        matches=matches,
    )
    return replace(result, intent=_intent(result, folded))


#: A prefix in brackets: the text has "(re)integration", people ask for either.
_OPTIONAL = re.compile(r"\((re|dis|de|im)\)-?(?=[a-z])", re.IGNORECASE)
#: What stands for a crisis where two are compared: "a sudden disaster versus a slow one", "sudden and slow onset disasters".
_SHORT_FOR: dict[str, CrisisKey] = {"sudden": "sudden_onset", "slow": "slow_onset", "protracted": "protracted"}


def _compared(tokens: Sequence[str], matches: Sequence[Match]) -> set[CrisisKey]:
    """Crises that only an adjective names, in a message that names another."""
    named = {i for m in matches if m.kind == "crisis" for i in range(m.start, m.end)}
    if not named:
        return set()
    return {_SHORT_FOR[t] for i, t in enumerate(tokens) if t in _SHORT_FOR and i not in named}


#: Asks for examples of what was spoken of.
_SUCH_AS = re.compile(
    r"^\W*(?:(?:and|but|so|ok(?:ay)?|hm+)\W+)*(?:such as|like what|like which|like|namely|e\.?g\.?|for example|for instance)\W*$"
)


def _intent(u: Understanding, folded: str) -> Intent:
    if _DANGER.search(folded):
        return "danger"
    if only_thanks(u.question):
        return "thanks"
    if _REASON.match(folded):
        return "reason"
    if _MORE.match(folded):
        return "more"
    if _AUTHOR.search(folded):
        return "author"
    if _REFERENCE.search(folded):
        return "reference"
    if "coordination" in u.topics and not u.levels and not (u.sectors and _RATING.search(folded)):
        return "coordination"
    if "people_in_need" in u.topics and not u.levels and not (u.sectors and _RATING.search(folded)):
        return "people"
    if "examples" in u.topics or _SUCH_AS.match(folded):
        return "examples"
    if u.levels or _ACTION.search(folded):
        placed = bool(
            (u.crises and (u.phases or u.levels))
            or (u.sectors and (u.crises or u.phases))
            or (u.levels and u.phases and not _MEANING.search(folded))
        )
        if _DEFINITION.search(folded) and not placed:
            return "definition"
        return "rating"
    if _DEFINITION.search(folded):
        return "definition"
    return "other"


#: Words of a question that asks nothing but what something is: "what is it?".
_SHORTEST = 3
#: Words of a question whose last thing can be replaced by another.
_SHORT_QUESTION = 20
#: A message with at most so many content words outside the lexicon's terms can lean on the turn before.
_SHORT = 2


#: Words that only open a message: "ok and during an epidemic?".
_OPENERS = frozenset(
    "ok okay thanks thx fine good great right alright cool noted well now so and but then perfect".split()
)


def uncovered(tokens: Sequence[str], matches: Sequence[Match], language: Language, begin: int = 0) -> list[str]:
    """Content words among a message's ``tokens``, from the place ``begin`` on, that no match covers."""
    covered = {i for m in matches for i in range(m.start, m.end)}
    stop = FUNCTION_WORDS[language]
    return [t for i, t in enumerate(tokens) if i >= begin and i not in covered and t not in stop]


def outside_words(u: Understanding) -> list[str]:
    """Content words that no term of the lexicon covers."""
    said = words(u.question)
    opening = len(list(takewhile(_OPENERS.__contains__, said)))
    return uncovered(said, u.matches, u.language, opening)


def more_words(u: Understanding) -> list[str]:
    """Those of them that say more than that something is asked."""
    return [w for w in outside_words(u) if w not in ASKING]


def names_only(u: Understanding) -> bool:
    """Whether a message only names things of the closed vocabulary: "during a cholera epidemic?"."""
    return u.intent == "other" and bool(u.matches) and not u.wh and not u.comparison and not outside_words(u)


def leans_on_history(u: Understanding) -> bool:
    """Whether a message needs the turn before to be understood."""
    folded = fold(u.question)
    if u.intent in ("danger", "thanks", "author"):
        return False
    if u.intent in ("reason", "more", "less"):
        return True
    if u.partners and _WHO_IS.match(folded):
        return False
    outside = outside_words(u)
    if names_only(u):
        return True
    content = [t for t in words(u.question) if t not in FUNCTION_WORDS[u.language]]
    if u.intent == "reference":
        return len(content) <= 4
    if FOLLOW_START.match(folded) and len(content) <= 7:
        return True
    if len(content) <= 1:
        return True
    if (
        len(outside) <= _SHORT
        and not (u.crises and (u.phases or u.sectors or u.intent not in ("other", "rating")))
        and len(content) <= 4
    ):
        return not (u.intent == "definition" and content)
    if ONE.search(folded) and len(content) <= 8:
        return True
    return bool(PRONOUN.search(folded)) and len(outside) <= 3 and len(content) <= 6


#: One of the levels by its rank, where they are spoken of: "and the lowest one?"; "the second phase" is none.
_RANKS = {
    "highest": 0,
    "strongest": 0,
    "top": 0,
    "middle": 1,
    "second": 1,
    "lowest": 2,
    "weakest": 2,
    "bottom": 2,
    "third": 2,
    "last": 2,
}
_RANKED_LEVEL = re.compile(
    r"\b(highest|strongest|lowest|weakest)(?=(?: (?:one|level|rating|label|word))?(?:\W*$|[,;?.!] ))"
    rf"|\b({'|'.join(_RANKS)}) (?:level|rating|label|word)\b"
)
#: One of several that were asked for, by its place: "explain the second", "number 4?".
_BY_PLACE = re.compile(
    r"^\W*(?:(?:and|so|ok(?:ay)?|now|then|thanks|but|please)\W+)*(?:(?:what|who)(?:'s| is| are| about| does|s)? |how about |explain |describe |define |(?:can you |could you |please )?tell me (?:more )?about |more on |give me )?(?:the )?"
    r"(?:(?P<ordinal>first|second|third|fourth|fifth|last|final)(?: (?:one|of (?:them|these|those)|(?P<noun>pillar|phase|stage|crisis|kind|type|sector)))?|(?:number|no\.?|nr\.?|#) ?(?P<number>\d{1,2}))(?: (?:mean|about|cover|say|stand for))?\W*$"
)
_ORDINALS = ("first", "second", "third", "fourth", "fifth")
#: What such a message is put into, for which another may follow: "and the first?".
_PLACED = re.compile(r"^what is (?:pillar \d|sector \d+|a [a-z-]+ crisis|done in the “)")
#: Words of a question for all of several things.
_OF_ALL_THINGS = frozenset(
    "pillars phases stages crises crisis types kinds sorts scenarios sectors two three five fifteen 15 exist different explain describe".split()
)
_KIND_OF_NOUN = {
    "pillar": "pillars", "phase": "phases", "stage": "phases", "crisis": "crises", "kind": "crises", "type": "crises", "sector": "sectors",
}  # fmt: skip
#: Things of which there are several in a fixed order, as a question for them names them.
_SEVERAL_THINGS = re.compile(
    r"\b(?:(?P<pillars>pillars)|(?P<phases>phases|stages)|(?P<crises>(?:kinds?|types?|sorts?|categor\w+) of (?:a )?(?:migration )?(?:crisis|crises)|crisis types|crises|scenarios)|(?P<sectors>sectors))\b"
)
#: The level next to the one spoken of: "and the one just below?".
_NEXT_LEVEL = re.compile(
    r"^\W*(?:(?:and|but|so|ok(?:ay)?) )*(?:what(?:'s| is| about)? )?(?:the )?(?:(?:next )?(?:level|one|grade|rank|step|rating) )?(?:just |right |directly |immediately |one )?(?P<way>below|beneath|lower|above|higher)(?: (?:it|that|this|one|level|step|grade))?\W*$"
)
#: The sector after or before the one spoken of: "and the next one?".
_NEXT = re.compile(
    r"^\W*(?:(?:and|ok|so|then) )*(?:what(?:'s| is| about)? |tell me )?(?:the )?(?P<way>next|following|one after|previous|one before)(?: (?:that|it))?(?: (?:one|sector|number))?(?: (?:on|in) the list)?\W*$"
)
#: Puts another case than the one before.
SUPPOSES = re.compile(
    r"^\W*(?:(?:and|but|so|ok(?:ay)?|then|well|fine),? )*(?:what |who |where |how |which )?(?:then )?if\b"
)
#: A pronoun that stands for what was spoken of before, and words of a question that name nothing.
_STANDS_FOR = re.compile(r"\b(?:it|they|them|that one|those|these|that|this)\b", re.IGNORECASE)
_WHY_SO = re.compile(r"^\W*(?:(?:and|but|so) )*(?:why|how come)\b")
_SEVERAL = re.compile(r"\b(?:them|they|those)\b", re.IGNORECASE)
ASKING = FUNCTION_WORDS["en"] | {
    "sorry",
    "oops",
    "meant",
    "tell",
    "many",
    "much",
    "please",
    "name",
    "list",
    "say",
    "says",
    "framework",
    "document",
    "text",
    "paper",
    "annex",
}


#: The document by one of its general names.
_DOCUMENT = re.compile(r"\b(?:framework|document|paper|annex)\b", re.IGNORECASE)
_CAPITALISED = re.compile(r"(?<=[\w,;:] )[A-Z][\w-]{3,}")
_FIGURE = re.compile(r"\b\d[\d.,]*\b")


def own_words(text: str) -> list[str]:
    """Content words of an English message, pronouns left out."""
    return [t for t in words(text) if t not in FUNCTION_WORDS["en"] and not PRONOUN.fullmatch(t)]


def refers(text: str) -> bool:
    """Whether a message says nothing by itself but of what was spoken of: "who gets it?", "what are they called?", "why so late?"."""
    points = _STANDS_FOR.search(text) is not None or _WHY_SO.match(fold(text)) is not None
    return points and len(own_words(text)) <= 1


def standing_alone(u: Understanding, before: Understanding) -> str:
    """The English of a message as it would be asked alone.

    A full question has its pronoun replaced by what was spoken of before ("who were the first donors to *Migration
    Emergency Funding Mechanism*?"); what is short of a question follows the one before.
    """
    if before.english in u.english:
        return u.english
    same = _of_another_place(u, before) or _of_another_of_kind(u, before) or _of_another_thing(u, before)
    if same:
        return same
    of_another = bool(u.sectors and before.sectors) and not set(u.sectors) & set(before.sectors)
    whole = u.wh == "how_many" or (bool(u.wh and more_words(u)) and _STANDS_FOR.search(u.english) is None)
    if of_another and whole and not u.comparison:
        return u.english  # "and reintegration, how many projects?" is about another sector
    own = own_words(u.english)
    # "who is it for?" says enough by its preposition
    found = None
    if u.wh and (own or len(u.english_tokens) > _SHORTEST):
        found = _STANDS_FOR.search(u.english)
    elif own and asks_whether(u.question):  # not "is it true that ...?", whose "it" stands for nothing
        found = _SEVERAL.search(u.english)
    subject = _sectors_said(before) if u.wh in _OF_THINGS and not u.rating_cue and before.intent == "rating" else ""
    if not subject:
        subject = " ".join(w for w in before.english.split() if fold(w).strip(".,;:?!") not in ASKING) or _itself(
            before
        )
    if found is None or not subject:
        return f"{_without_places(before.english) if _places(u.english) else before.english} {u.english}"
    return f"{u.english[: found.start()]}{subject.rstrip('?.!')}{u.english[found.end() :]}"


#: Question words that ask for more of a thing than how it is rated.
_OF_THINGS = ("where", "who", "how_many", "when")


def _sectors_said(u: Understanding) -> str:
    """The words by which an English message names its sectors: of a rating that is what is spoken of, not the scenario."""
    named = {(m.start, m.end) for m in u.matches if m.kind == "sector" and not m.weak}
    return " and ".join(u.question[a:b] for a, b in _spans(u.question, named))


def _spans(text: str, ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Half-open ranges of a text's words as ranges of its letters, in order; none where its words cannot be counted."""
    found = list(WORD.finditer(text))
    return [(found[a].start(), found[b - 1].end()) for a, b in sorted(ranges)] if len(found) == len(words(text)) else []


def _itself(u: Understanding) -> str:
    """How a message names the document, where it names nothing else: "the framework"; else empty."""
    found = _DOCUMENT.search(u.english)
    return f"the {found[0].lower()}" if found is not None else ""


def _places(text: str) -> list[str]:
    """Capitalised words inside a text, acronyms left out: in a question mostly places."""
    return [w for w in _CAPITALISED.findall(text) if not w.isupper()]


def _of_another_place(u: Understanding, before: Understanding) -> str:
    """The question before with another place, where a message asks no more than that: "how many for Syria?"; else empty."""
    other, place = _places(u.english), _places(before.english)
    if len(other) != 1 or len(place) != 1 or u.matches or place[0].endswith(("n", "ese")):  # no adjective: "Libyan"
        return ""
    said = set(outside_words(u)) - {fold(other[0]), *words(other[0]), *ASKING}
    return "" if said else before.english.replace(place[0], other[0])


def _of_another_of_kind(u: Understanding, before: Understanding) -> str:
    """The question before with another sector or crisis in the place of its own, where a message only names that; else empty.

    "Who leads shelter? And camps?" asks who leads camps.
    """
    kinds = {m.kind for m in u.matches}
    if u.language != "en" or not names_only(u) or len(kinds) != 1 or not kinds <= {"sector", "crisis"}:
        return ""
    if before.english != before.question:
        return ""
    said = _spans(u.question, {(m.start, m.end) for m in u.matches})
    asked = _spans(before.english, {(m.start, m.end) for m in before.matches if m.kind in kinds})
    if len(said) != 1 or len(asked) != 1:
        return ""
    ((start, end),), ((first, last),) = said, asked
    return f"{before.english[:first]}{u.question[start:end]}{before.english[last:]}"


#: A message that only puts another thing in the place of one spoken of: "and on protection?", "what about children?".
_ANOTHER = re.compile(
    r"^\W*(?:(?:and|but|so|ok(?:ay)?|or|then|also|no|sorry|what about|how about|same for|i (?:mean|meant)),? )*(?:(?:the|those|that) ones? )?"
    r"(?P<by>(?:on|about|for|in|of|to|with|from|against|by|during|after|before) )?(?P<thing>(?:the )?[\w/’'-]+(?: [\w/’'-]+){0,4}?)(?:,? (?:then|too|as well|also|instead|i mean(?:t)?|please))*\W*$",
    re.IGNORECASE,
)
#: What such a message must begin or end with, or the preposition, to be one.
_MARKED = re.compile(
    r"^\W*(?:and|but|or|what about|how about|same for|no|sorry|i mean)\b|\bi meant?\W*$", re.IGNORECASE
)
#: What ends the last thing of a question: another clause, and where no preposition marks its beginning, one of those.
_MORE_THINGS = re.compile(r"\b(?:and|or|that|who|which|during|after|before|when|if)\b", re.IGNORECASE)
_PREPOSITION = re.compile(r"\b(?:of|in|for|with|to|from)\b", re.IGNORECASE)
#: Words by which a message asks or says more than the name of a thing.
_SAYS_MORE = re.compile(
    r"\b(?:who|what|which|where|when|how|why|whom|whose|is|are|was|were|do|does|did|has|have|had|can|could|should|would|will|if|it|that|this|they|them|there|not|n't)\b",
    re.IGNORECASE,
)


def _of_another_thing(u: Understanding, before: Understanding) -> str:
    """The question before with another thing in the place of its last one, where a message says no more than that; else empty.

    The last thing with the same preposition, "on shelter" for "and on protection?"; without one, the thing at the end.
    "Unaccompanied ones" are of the kind that was spoken of.
    """
    found = _ANOTHER.match(u.english)
    if found is None or u.wh or not (_MARKED.search(u.english) or found["by"]) or u.language != "en":
        return ""
    thing = found["thing"]
    if _SAYS_MORE.search(thing) or len(before.english.split()) > _SHORT_QUESTION:
        return ""
    by_scenario = bool(found["by"]) and names_only(u)  # "and in conflicts?" after "who leads it?"
    by = re.escape(found["by"].strip()) if found["by"] else r"(?:on|about|for|of|against|mention)"
    place = re.search(rf"^(.*\b{by} (?:the |a |an |any )?)(\w[\w/’' -]*?)(\W*)$", before.english, re.IGNORECASE)
    if place is None and by_scenario and before.wh == "who":
        return f"{before.english.rstrip(' ?.!')} {found['by']}{thing}?"
    if place is None or _MORE_THINGS.search(place[2]) or (not found["by"] and _PREPOSITION.search(place[2])):
        return ""
    if re.search(r"\bones?$", thing):
        thing = re.sub(r"\bones?$", place[2].split()[-1], thing)
    kept = " ".join(_FIGURE.sub(" ", re.sub(r"\b(?:the|an?|any) $", "", place[1])).split())
    return f"{kept} {thing}{place[3]}"


def _without_places(text: str) -> str:
    """A question without its places and figures: "and from Libya?" asks the same of another one."""
    return " ".join(_FIGURE.sub(" ", _CAPITALISED.sub(lambda m: m[0] if m[0].isupper() else " ", text)).split())


def merge(u: Understanding, before: Understanding) -> Understanding:
    """``u`` completed from the turn before: its own slots win, the others are inherited.

    A new crisis does not drop the phase; a message without an intent of its own
    keeps the one before.
    """
    filled: dict[str, object] = {}
    inherited: list[str] = []
    own = [slot for slot in _SLOTS if getattr(u, slot)]
    changes: dict[str, object] = {}
    # an ambiguous word counts fully where the conversation expects its kind
    for slot, weak in (("crises", "weak_crises"), ("phases", "weak_phases"), ("sectors", "weak_sectors")):
        spoken_of = before.crises or before.phases or before.sectors or before.levels
        expected = before.sectors or before.intent in ("rating", "definition") if slot == "sectors" else spoken_of
        if expected and not getattr(u, slot) and getattr(u, weak):
            changes[slot] = getattr(u, weak)
            own.append(slot)
    for slot in u.guessed:
        if getattr(before, slot):  # what was spoken of is likelier than what only the model takes a few words for
            changes[slot] = ()
            own = [o for o in own if o != slot]
    kept = tuple(slot for slot in u.guessed if slot in own)
    u = replace(u, guessed=kept, **changes) if changes else u  # type: ignore[arg-type]
    ranked = _RANKED_LEVEL.search(fold(u.question))
    if ranked is not None and not u.levels and (before.levels or "levels" in before.topics):
        u = replace(u, levels=(LEVELS[_RANKS[ranked[1] or ranked[2]]],))
        own.append("levels")
    beside = _NEXT_LEVEL.match(fold(u.question))
    if beside is not None and len(before.levels) == 1:
        place = LEVELS.index(before.levels[0]) + (-1 if beside["way"] in ("above", "higher") else 1)
        if 0 <= place < len(LEVELS):
            u = replace(u, levels=(LEVELS[place],))
            own.append("levels")
    numbers = [int(t) for t in u.tokens if t.isdecimal() and int(t) in SECTOR_NUMBERS]
    if not own and len(numbers) == 1 and before.sectors and len(u.tokens) <= 4:
        u = replace(u, sectors=(numbers[0],), sector_named=True)
        own.append("sectors")
    way = _NEXT.match(fold(u.question))
    if way is not None and len(before.sectors) == 1:
        other = before.sectors[0] + (-1 if way["way"] in ("previous", "one before") else 1)
        if other in SECTOR_NUMBERS:
            kind: Intent = "other" if before.intent == "rating" else "definition"
            u = replace(u, sectors=(other,), sector_named=True, intent=kind)
            own.append("sectors")
    # "and what is critical after an earthquake?" asks for sectors; the one spoken of before is not meant
    asks_sectors = bool(u.levels and u.wh == "which" and not u.which_crises) or (
        u.intent == "rating"
        and bool(u.crises)
        and before.intent not in ("rating", "definition")
        and not (before.sector_named and _STANDS_FOR.search(_OVER.sub(" ", fold(u.question))))
    )
    for slot in _SLOTS:
        if slot in own:
            continue
        if slot in ("levels", "partners", "groups") and own:
            if slot == "levels" and u.intent in ("other", "rating"):
                pass
            else:
                continue
        if slot == "sectors" and asks_sectors:
            continue
        pointed = POINTS_AT.search(fold(u.question))
        if not pointed and ((slot in ("crises", "phases") and u.which_crises) or (slot == "phases" and u.which_phases)):
            continue  # "is there another crisis where it is crucial?" asks for it
        if slot in ("partners", "groups") and SUPPOSES.match(fold(u.question)) and outside_words(u):
            continue  # "and if people only move inside the country?" is about others
        value = getattr(before, slot)
        if slot == "sectors" and not value and len(before.weak_sectors) == 1 and own and not outside_words(u):
            value = before.weak_sectors  # "and after?" after "what does it say about health?"
        if value:
            filled[slot] = value
            inherited.append(slot)
            if slot == "sectors":
                filled["sector_guessed"] = before.sector_guessed
                filled["sector_named"] = before.sector_named
    asks_fact = u.wh in ("how_many", "when", "where") or (u.wh == "who" and before.intent == "rating")
    corrects = (
        not u.wh and CORRECTS.search(fold(u.question)) is not None
    )  # "sorry, I meant a drought" asks the same of it
    takes_over = corrects or (u.intent == "other" and not asks_fact)
    # "does it have to cross a border?" after "what is a migration crisis?" asks for no meaning
    asks_more = before.intent == "definition" and asks_whether(u.question) and bool(more_words(u))
    if takes_over and not asks_more and before.intent not in (*ABOUT_REPLY, "thanks", "danger", "author"):
        filled["intent"] = before.intent
    elif (
        u.intent == "rating"
        and not u.levels
        and before.intent in ("coordination", "people", "examples")
        and own
        and not outside_words(u)
    ):
        filled["intent"] = before.intent
    elif u.intent == "definition" and u.levels and before.intent == "rating" and before.crises:
        filled["intent"] = "rating"  # "and what is important?" asks for sectors, not for the word
    elif u.intent == "rating" and u.levels and before.intent == "definition" and before.levels and not outside_words(u):
        filled["intent"] = "definition"  # "and recommended?" after "what does critical mean?"
    text = f"{before.text} {u.question}" if before.text not in u.question else u.question
    text = _of_another_place(u, before) or text
    placed = _by_place(u, before)
    if placed is not None:
        slots, english = placed
        filled |= slots
    else:
        english = standing_alone(u, before)
    tokens = tuple(dict.fromkeys((*before.tokens, *u.tokens)))
    return replace(
        u,
        text=text,
        tokens=tokens,
        english=english,
        follow_up=True,
        inherited=tuple(inherited),
        **filled,  # type: ignore[arg-type]
    )


def asks_by_place(u: Understanding) -> bool:
    """Whether a message asks for one of several things by its place: "explain the second"."""
    return _BY_PLACE.match(fold(u.question)) is not None


def _by_place(u: Understanding, before: Understanding) -> tuple[dict[str, object], str] | None:
    """The slots and the question of a message that asks for one of several things by its place; None for any other message."""
    folded = fold(u.question)
    asked = _BY_PLACE.match(folded)
    kinds = {str(m.lastgroup) for m in _SEVERAL_THINGS.finditer(fold(before.text))}
    if asked is None or len(kinds) != 1 or u.language != "en":
        return None
    kind = kinds.pop()
    claims = before.crises or before.sectors or before.levels or before.rating_cue or before.partners
    all_of_them = not claims and _OF_ALL_THINGS.issuperset(more_words(before))
    if not (all_of_them or _PLACED.match(before.english)) or _KIND_OF_NOUN.get(asked["noun"] or "", kind) != kind:
        return None
    sizes = {"pillars": 2, "phases": len(PHASES), "crises": len(CRISES), "sectors": len(SECTOR_NUMBERS)}
    if asked["number"]:
        place = int(asked["number"])
    elif asked["ordinal"] in ("last", "final"):
        place = sizes[kind]
    else:
        place = 1 + _ORDINALS.index(asked["ordinal"])
    if not 1 <= place <= sizes[kind]:
        return None
    slots: dict[str, object] = {"intent": "definition", "topics": ()}
    if kind == "pillars":
        return slots, f"what is pillar {place}"
    if kind == "phases":
        return slots | {"intent": "other"}, f"what is done in the “{PHASES[place - 1]}” stage of a crisis"
    if kind == "crises":
        return slots | {"crises": (CRISES[place - 1],)}, f"what is a {CRISES[place - 1].replace('_', '-')} crisis"
    return slots | {"sectors": (place,), "sector_named": True}, f"what is sector {place}"


def _pointed(u: Understanding, said: Mapping[str, object]) -> Understanding:
    """``u`` with the crisis, phase or sector that it points at and the message before did not name: the last one ``said``."""
    pointed = POINTS_AT.search(fold(u.question))
    if pointed is None:
        return u
    open_slots = (slot for slot, words_ in _POINTED.items() if pointed[0].endswith(words_) and not getattr(u, slot))
    filled = {slot: said[slot] for slot in open_slots if slot in said}
    named = u.sector_named or "sectors" in filled
    return replace(u, inherited=(*u.inherited, *filled), sector_named=named, **filled) if filled else u  # type: ignore[arg-type]


def following(question: str, earlier: Sequence[str], lexicon: Lexicon) -> Understanding:
    """What a message asks that is known to lean on the one before it."""
    before = understand(earlier[-1], earlier[:-1], lexicon)
    return merge(read(question, lexicon, before.language), before)


def understand(
    question: str,
    earlier: Sequence[str],
    lexicon: Lexicon,
    refine: Callable[[Understanding], Understanding] = lambda u: u,
    leaning: Callable[[Understanding, str], Understanding | None] = lambda u, before: (
        u if leans_on_history(u) else None
    ),
) -> Understanding:
    """What ``question`` asks after the user's ``earlier`` messages, oldest first.

    ``refine`` completes what a single message says where the lexicon is unsure.
    ``leaning`` gives a message that leans on the one before, with what it asks about the reply; None for one that does not.
    """
    before: Understanding | None = None
    said: dict[str, object] = {}
    for message in (*earlier, question):
        u = refine(read(message, lexicon, before.language if before else "en"))
        leans = leaning(u, before.question) if before is not None else None
        if before is not None and leans is not None:
            u = _pointed(merge(leans, before), said)
        said |= {slot: getattr(u, slot) for slot in ("crises", "phases", "sectors") if getattr(u, slot)}
        keep = u.intent in (*ABOUT_REPLY, "thanks", "author", "danger") and message is not question
        before = before if keep and before is not None else u
        last = u
    return last
