"""Losses and gradients of layouts by transformers' own Llama, one answer a question.

    python layouts.py MODEL float32|float64

Every line of standard input is JSON: documents and an objective, and either `gradients`, a file of
float32 with another program's gradients in the order in which `names` lists them, or `sketch`. What
comes back is the loss, its parts, and of each parameter how far its gradient is from the file's, or
its sketch. Sequences are whole: those of a document are a batch, padded behind their ends.
"""

import json
import sys
from collections.abc import Iterator

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import LlamaForCausalLM

from documents import Sequence
from llama import to_float64
from objectives import Objective, ScoredDocument, loss, negative_log_likelihood, preference
from sketch import sketch


def read_parts(document: dict) -> list[Sequence]:
    return [
        Sequence(part["side"], part["ids"], part["turnOf"], part["inNll"])
        for part in document["sequences"]
    ]


def token_log_probs(model: LlamaForCausalLM, sequences: list[list[int]]) -> list[torch.Tensor]:
    """`[tokens]` each: the log-prob of each token after those before it; 0 for the first."""
    rows = pad_sequence([torch.tensor(ids) for ids in sequences], batch_first=True)
    # No token sees a later one, so that none sees padding.
    logits = model(rows, use_cache=False).logits[:, :-1]
    targets = rows[:, 1:, None]
    predicted = logits.gather(2, targets)[..., 0] - logits.logsumexp(2)
    return [
        torch.cat([row.new_zeros(1), row[: len(ids) - 1]])
        for row, ids in zip(predicted, sequences, strict=True)
    ]


def score(model: LlamaForCausalLM, document: dict) -> ScoredDocument:
    parts = read_parts(document)
    return ScoredDocument(
        parts,
        token_log_probs(model, [part.ids for part in parts]),
        torch.tensor(document["referenceChosen"], dtype=torch.float64),
        torch.tensor(document["referenceRejected"], dtype=torch.float64),
    )


def read_objective(of: dict) -> Objective:
    return Objective(of["name"], of["beta"], of["lambda"], of["aggregation"])


def distance(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """The largest difference, in units of the tensor's largest number."""
    return ((ours - theirs).abs().max() / theirs.abs().max()).item()


def distances(model: LlamaForCausalLM, path: str, names: list[str]) -> dict[str, float]:
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    if sorted(gradients) != sorted(names):
        raise SystemExit(f"Other parameters than transformers': {sorted(set(gradients) ^ set(names))}")
    total = sum(gradient.numel() for gradient in gradients.values())
    parts = torch.from_file(path, size=total).split([gradients[name].numel() for name in names])
    return {
        name: distance(part, gradients[name].flatten()) for name, part in zip(names, parts, strict=True)
    }


def answer(model: LlamaForCausalLM, question: dict) -> dict[str, object]:
    objective = read_objective(question["objective"])
    scored = [score(model, document) for document in question["documents"]]
    total = loss(scored, objective)
    model.zero_grad()
    total.backward()
    mean = lambda of: torch.stack([of(document) for document in scored]).mean().item()
    answered = {
        "loss": total.item(),
        "nll": mean(negative_log_likelihood),
        "chosen": [value for document in scored for value in document.turns("chosen").tolist()],
        "rejected": [value for document in scored for value in document.turns("rejected").tolist()],
    }
    if objective.name != "sft":
        answered["preference"] = mean(lambda document: preference(document, objective))
    if question.get("sketch"):
        sketches = {name: sketch(parameter.grad) for name, parameter in model.named_parameters()}
        return {**answered, "gradients": sketches}
    return {**answered, "apart": distances(model, question["gradients"], question["names"])}


def questions() -> Iterator[dict]:
    for line in sys.stdin:
        yield json.loads(line)


def main(folder: str, dtype: str) -> None:
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")
    model = to_float64(model) if dtype == "float64" else model.eval()
    for question in questions():
        print(json.dumps(answer(model, question)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
