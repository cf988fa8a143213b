"""Documents of random tokens, in the layouts that the engine trains on."""

import random
from dataclasses import dataclass

BOS, END, ANSWER = 1, 2, 3
FIRST_TEXT_TOKEN = 4


@dataclass(frozen=True)
class Turn:
    """One question with both its answers, without the end token."""

    question: list[int]
    chosen: list[int]
    rejected: list[int]

    def answer(self, side: str) -> list[int]:
        return (self.chosen if side == "chosen" else self.rejected) + [END]


@dataclass(frozen=True)
class Document:
    id: str
    text: list[int]
    turns: list[Turn]


@dataclass(frozen=True)
class Sequence:
    """`TokenSequence` of lib/model/sequence.ts."""

    side: str
    ids: list[int]
    turn_of: list[int]
    in_nll: list[bool]

    def to_json(self) -> dict[str, object]:
        return {"side": self.side, "ids": self.ids, "turnOf": self.turn_of, "inNll": self.in_nll}


@dataclass(frozen=True)
class DocumentShape:
    """How long the parts of a document are, in tokens."""

    text: int = 12
    questions: tuple[int, ...] = (3,)
    """One a turn."""
    answers: tuple[tuple[int, int], ...] = ((4, 5),)
    """Chosen and rejected, one pair a turn, end token left out: 0 is an empty answer."""
    shared_start: tuple[int, ...] = ()
    """A turn's first answer tokens which are the same on both sides; none where left out."""
    shared_question_start: int = 0
    """First tokens which all questions share."""


def random_document(name: str, shape: DocumentShape, vocab: int, draw: random.Random) -> Document:
    def tokens(count: int) -> list[int]:
        return [draw.randrange(FIRST_TEXT_TOKEN, vocab) for _ in range(count)]

    question_start = tokens(shape.shared_question_start)
    turns = []
    for index, (chosen, rejected) in enumerate(shape.answers):
        shared = tokens(shape.shared_start[index] if index < len(shape.shared_start) else 0)
        question = question_start + tokens(shape.questions[index] - len(question_start))
        chosen_rest, rejected_rest = tokens(chosen - len(shared)), tokens(rejected - len(shared))
        turns.append(Turn(question, shared + chosen_rest, shared + rejected_rest))
    return Document(name, tokens(shape.text), turns)


def sequence(document: Document, side: str, turns: list[int], nll_mask: str) -> Sequence:
    """The document's text, then the given turns one after the other."""
    ids = [BOS, *document.text]
    turn_of = [-1] * len(ids)
    for index in turns:
        turn = document.turns[index]
        prompt, answer = [*turn.question, ANSWER], turn.answer(side)
        ids += prompt + answer
        turn_of += [-1] * len(prompt) + [index] * len(answer)
    in_nll = [side == "chosen" and (nll_mask == "all" or turn >= 0) for turn in turn_of]
    return Sequence(side, ids, turn_of, in_nll)


def sequences(document: Document, layout: str, nll_mask: str) -> list[Sequence]:
    """`conversation`: one sequence a side with all turns; `independent`: one a side and turn."""
    every_turn = list(range(len(document.turns)))
    groups = [every_turn] if layout == "conversation" else [[turn] for turn in every_turn]
    return [
        sequence(document, side, turns, nll_mask)
        for turns in groups
        for side in ("chosen", "rejected")
    ]


def trunk_length(parts: list[Sequence]) -> int:
    """Tokens that all sequences begin with, cut before the first answer token of any of them."""
    first_answer = min(next(at for at, turn in enumerate(part.turn_of) if turn >= 0) for part in parts)
    shared = 0
    while shared < first_answer and len({part.ids[shared] for part in parts}) == 1:
        shared += 1
    return shared
