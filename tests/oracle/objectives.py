"""LongPO and its relatives, written from their equations over plain per-token log-probs."""

from dataclasses import dataclass

import torch
from torch.nn.functional import logsigmoid

from documents import Sequence, trunk_length


@dataclass(frozen=True)
class Objective:
    name: str
    """`longpo`, `dpo` or `sft`."""
    beta: float = 0.1
    lambda_: float = 1.0
    aggregation: str = "sum"

    def to_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "beta": self.beta,
            "lambda": self.lambda_,
            "aggregation": self.aggregation,
        }


@dataclass(frozen=True)
class ScoredDocument:
    """A document's sequences, the policy's log-prob of each of their tokens, and the reference."""

    parts: list[Sequence]
    log_probs: list[torch.Tensor]
    reference_chosen: torch.Tensor
    reference_rejected: torch.Tensor

    def turns(self, side: str) -> torch.Tensor:
        """`[turns]`: log-prob of each answer, summed over its tokens."""
        count = 1 + max(turn for part in self.parts for turn in part.turn_of)
        sums = [torch.zeros((), dtype=torch.float64) for _ in range(count)]
        for part, log_probs in zip(self.parts, self.log_probs):
            if part.side != side:
                continue
            for at, turn in enumerate(part.turn_of):
                if turn >= 0:
                    sums[turn] = sums[turn] + log_probs[at]
        return torch.stack(sums)


def margins(document: ScoredDocument, objective: Objective) -> torch.Tensor:
    """What the log-sigmoids are taken of: one a document, for `mean` one a turn."""
    chosen, rejected = document.turns("chosen"), document.turns("rejected")
    reference_chosen, reference_rejected = document.reference_chosen, document.reference_rejected
    if objective.aggregation == "logsumexp":  # Eq. 13 as printed
        gain_chosen = chosen.logsumexp(0) - reference_chosen.logsumexp(0)
        gain_rejected = rejected.logsumexp(0) - reference_rejected.logsumexp(0)
        return objective.beta * (gain_chosen - gain_rejected)[None]
    by_turn = objective.beta * ((chosen - reference_chosen) - (rejected - reference_rejected))
    return by_turn.sum()[None] if objective.aggregation == "sum" else by_turn


def preference(document: ScoredDocument, objective: Objective) -> torch.Tensor:
    return -logsigmoid(margins(document, objective)).mean()


def negative_log_likelihood(document: ScoredDocument) -> torch.Tensor:
    """Mean over the distinct tokens marked for it: the trunk's count once."""
    trunk = trunk_length(document.parts)
    counted: dict[tuple[int, int], torch.Tensor] = {}
    for index, (part, log_probs) in enumerate(zip(document.parts, document.log_probs)):
        for at, marked in enumerate(part.in_nll):
            if marked and at > 0:
                counted[(0 if at < trunk else index, at)] = log_probs[at]
    return -torch.stack(list(counted.values())).mean()


def loss(documents: list[ScoredDocument], objective: Objective) -> torch.Tensor:
    def of(document: ScoredDocument) -> torch.Tensor:
        if objective.name == "sft":
            return negative_log_likelihood(document)
        if objective.name == "dpo":
            return preference(document, objective)
        return objective.lambda_ * preference(document, objective) + negative_log_likelihood(document)

    return torch.stack([of(document) for document in documents]).mean()
