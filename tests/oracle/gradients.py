"""Writes losses, log-probs and gradients of small random Llamas to tests/golden/gradients/<case>/.

Every sequence is a whole causal forward of its own: nothing is shared, packed or cut in blocks.
"""

import json
import random
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import LlamaForCausalLM

from documents import Document, DocumentShape, Sequence, random_document, sequences
from llama import Shape, save_model, seeded_model, to_float64, token_log_probs
from objectives import Objective, ScoredDocument, loss, margins, negative_log_likelihood, preference
from readable_json import readable_json

REFERENCE_THETA, POLICY_THETA = 1e4, 5e4


@dataclass(frozen=True)
class Case:
    name: str
    about: str
    shape: Shape
    documents: list[DocumentShape]
    layout: str
    nll_mask: str
    objectives: list[Objective]


CASES = [
    Case(
        "one_turn",
        "One document with one question: all turn aggregations agree.",
        Shape(),
        [DocumentShape()],
        "conversation",
        "all",
        [
            Objective("longpo", beta=0.1, lambda_=0.01),
            Objective("dpo", beta=0.5),
            Objective("sft"),
        ],
    ),
    Case(
        "two_turns_grouped",
        "Two turns in one conversation, grouped heads, the policy's longer RoPE base.",
        Shape(kv_heads=2, rope_theta=POLICY_THETA),
        [DocumentShape(text=16, questions=(3, 4), answers=((4, 5), (3, 2)))],
        "conversation",
        "all",
        [
            Objective("longpo", beta=0.1, lambda_=1.0, aggregation="sum"),
            Objective("longpo", beta=0.5, lambda_=1.0, aggregation="mean"),
            Objective("longpo", beta=0.5, lambda_=1.0, aggregation="logsumexp"),
        ],
    ),
    Case(
        "tied_two_documents",
        "Tied embeddings, one key-value head, two documents of different length.",
        Shape(kv_heads=1, tied=True),
        [DocumentShape(text=9), DocumentShape(text=20, questions=(5,), answers=((2, 6),))],
        "conversation",
        "answers",
        [
            Objective("longpo", beta=0.2, lambda_=1.0),
            Objective("dpo", beta=0.2),
            Objective("sft"),
        ],
    ),
    Case(
        "shared_answer_start",
        "Both answers begin with the same tokens; in the second document one turn is answered "
        "equally on both sides and one answer is empty.",
        Shape(tied=True, rope_theta=POLICY_THETA, rms_norm_eps=1e-5),
        [
            DocumentShape(questions=(3, 2), answers=((5, 4), (4, 4)), shared_start=(2, 1)),
            DocumentShape(text=7, questions=(2, 3), answers=((3, 3), (0, 4)), shared_start=(3,)),
        ],
        "conversation",
        "all",
        [
            Objective("longpo", beta=0.3, lambda_=0.5, aggregation="logsumexp"),
            Objective("dpo", beta=0.3, aggregation="mean"),
        ],
    ),
    Case(
        "independent_three_turns",
        "Three questions asked independently of each other on one document.",
        Shape(kv_heads=2, rope_theta=POLICY_THETA),
        [DocumentShape(text=14, questions=(3, 4, 2), answers=((4, 3), (3, 5), (2, 2)))],
        "independent",
        "all",
        [
            Objective("longpo", beta=0.1, lambda_=1.0, aggregation="mean"),
            Objective("longpo", beta=0.1, lambda_=0.01, aggregation="sum"),
        ],
    ),
    Case(
        "independent_two_documents",
        "Four and two independent questions, answers with equal starts, NLL on answers only.",
        Shape(kv_heads=2, tied=True, rope_theta=POLICY_THETA, vocab=56),
        [
            DocumentShape(
                text=10,
                questions=(2, 3, 2, 4),
                answers=((3, 3), (3, 4), (4, 3), (3, 2)),
                shared_start=(1, 0, 2, 1),
            ),
            DocumentShape(text=18, questions=(3, 3), answers=((4, 4), (3, 5))),
        ],
        "independent",
        "answers",
        [
            Objective("longpo", beta=0.4, lambda_=1.0, aggregation="logsumexp"),
            Objective("dpo", beta=0.1, aggregation="sum"),
        ],
    ),
    Case(
        "long_trunk",
        "A document of 150 tokens under three layers: many blocks of attention.",
        Shape(hidden=32, intermediate=40, layers=3, heads=4, kv_heads=2, rope_theta=POLICY_THETA),
        [DocumentShape(text=150, questions=(6, 5), answers=((12, 9), (7, 14)))],
        "conversation",
        "all",
        [Objective("longpo", beta=0.1, lambda_=1.0, aggregation="sum")],
    ),
    Case(
        "uneven_turns",
        "Four turns and one turn in a row of two documents: a mean over turns is within a document.",
        Shape(hidden=24, intermediate=32, layers=3, heads=3, kv_heads=1, vocab=40),
        [
            DocumentShape(
                questions=(2, 3, 2, 3), answers=((3, 2), (2, 4), (5, 3), (2, 2)), shared_start=(1,)
            ),
            DocumentShape(text=6),
        ],
        "conversation",
        "answers",
        [
            Objective("longpo", beta=0.2, lambda_=1.0, aggregation="mean"),
            Objective("sft"),
        ],
    ),
    Case(
        "own_head_width",
        "head_dim is not hidden / heads, the RoPE base is written as transformers 5 writes it, and "
        "independent questions begin with the same tokens, which makes the trunk longer.",
        Shape(kv_heads=2, head_dim=6, rope_theta=POLICY_THETA, rope_parameters=True, vocab=64),
        [
            DocumentShape(
                questions=(4, 5), answers=((4, 3), (2, 5)), shared_question_start=2, shared_start=(1, 1)
            )
        ],
        "independent",
        "all",
        [
            Objective("longpo", beta=0.1, lambda_=1.0, aggregation="mean"),
            Objective("sft"),
        ],
    ),
]


def score(
    model: LlamaForCausalLM, parts: list[Sequence], reference: dict[str, list[float]]
) -> ScoredDocument:
    return ScoredDocument(
        parts,
        [token_log_probs(model, part.ids) for part in parts],
        torch.tensor(reference["chosen"], dtype=torch.float64),
        torch.tensor(reference["rejected"], dtype=torch.float64),
    )


def invented_reference(
    model: LlamaForCausalLM, parts: list[Sequence], draw: random.Random
) -> dict[str, list[float]]:
    """Numbers near the policy's own, so that no sigmoid is saturated."""
    none: dict[str, list[float]] = {"chosen": [], "rejected": []}
    with torch.no_grad():
        own = score(model, parts, none)
        return {
            side: [round(value + draw.gauss(0, 2), 3) for value in own.turns(side).tolist()]
            for side in none
        }


def document_expectation(
    document: Document, scored: ScoredDocument, objective: Objective
) -> dict[str, object]:
    prefers = objective.name != "sft"
    return {
        "id": document.id,
        "logpChosen": scored.turns("chosen").tolist(),
        "logpRejected": scored.turns("rejected").tolist(),
        "margins": margins(scored, objective).tolist() if prefers else None,
        "preference": preference(scored, objective).item() if prefers else None,
        "nll": negative_log_likelihood(scored).item(),
    }


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def expectation(
    model: LlamaForCausalLM,
    documents: list[Document],
    parts: list[list[Sequence]],
    references: list[dict[str, list[float]]],
    objective: Objective,
) -> dict[str, object]:
    """The expected numbers; the gradients are left in the model's parameters."""
    model.zero_grad()
    scored = [score(model, *both) for both in zip(parts, references)]
    value = loss(scored, objective)
    value.backward()
    by_document = [document_expectation(d, s, objective) for d, s in zip(documents, scored)]
    prefers = objective.name != "sft"
    return {
        "loss": value.item(),
        "preference": mean([d["preference"] for d in by_document]) if prefers else None,
        "nll": mean([d["nll"] for d in by_document]),
        "documents": by_document,
    }


def gradient_tensors(model: LlamaForCausalLM) -> dict[str, torch.Tensor]:
    """A parameter that the loss does not reach has the gradient zero, not none."""
    return {
        name: (torch.zeros_like(p) if p.grad is None else p.grad).float().contiguous()
        for name, p in model.named_parameters()
    }


def write_case(case: Case, seed: int, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    draw = random.Random(seed)
    model = seeded_model(case.shape, seed)
    save_model(model, case.shape, folder)
    to_float64(model)

    documents = [
        random_document(f"{case.name}-{index}", shape, case.shape.vocab, draw)
        for index, shape in enumerate(case.documents)
    ]
    parts = [sequences(document, case.layout, case.nll_mask) for document in documents]
    references = [invented_reference(model, each, draw) for each in parts]

    objectives = []
    for index, objective in enumerate(case.objectives):
        expected = expectation(model, documents, parts, references, objective)
        objectives.append({**objective.to_json(), "expected": expected})
        gradients = gradient_tensors(model)
        save_file(gradients, folder / f"gradients-{index}.safetensors")
        smallest = min(gradient.abs().max().item() for gradient in gradients.values())
        print(f"{case.name} {objective.name} {objective.aggregation}: loss {expected['loss']:.4f}, "
              f"the parameter with the smallest gradient reaches {smallest:.1e}")

    record = {
        "about": case.about,
        "layout": case.layout,
        "nllMask": case.nll_mask,
        "seed": seed,
        "documents": [
            {
                "id": document.id,
                "sequences": [part.to_json() for part in each],
                "referenceChosen": reference["chosen"],
                "referenceRejected": reference["rejected"],
            }
            for document, each, reference in zip(documents, parts, references)
        ],
        "objectives": objectives,
    }
    (folder / "case.json").write_text(readable_json(record))


def main(golden: Path) -> None:
    for index, case in enumerate(CASES):
        write_case(case, seed=index + 1, folder=golden / "gradients" / case.name)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "tests/golden"))
