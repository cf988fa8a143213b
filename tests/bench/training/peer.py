"""One training step of LongPO by PyTorch and transformers; prints what it took as a line of JSON.

The step is what the released trainer does on one device: chosen and rejected, each with the whole
document, stacked as a batch of two; logits of all tokens; a second model that scores both answers on
the short context; gradient checkpointing; AdamW. Flags change one of these at a time.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, PreTrainedModel

BETA = 0.1
LAMBDA = 0.01
LEARNING_RATE = 1e-6


@dataclass(frozen=True)
class Pair:
    """Chosen and rejected stacked, `[2, tokens]`, on the long and on the short context."""

    answer: int
    long: torch.Tensor
    short: torch.Tensor


def read_pair(case: dict) -> Pair:
    return Pair(
        answer=case["answer"],
        long=torch.tensor([case["chosen"], case["rejected"]]),
        short=torch.tensor([case["shortChosen"], case["shortRejected"]]),
    )


def token_losses(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross-entropy a token, in float32."""
    return F.cross_entropy(logits.float(), targets, reduction="none")


def answer_losses(model: PreTrainedModel, ids: torch.Tensor, answer: int) -> torch.Tensor:
    """Cross-entropy of answers' tokens, `[2, answer]`, without logits of any other."""
    before = torch.arange(ids.shape[1] - answer - 1, ids.shape[1] - 1)
    logits = model(input_ids=ids, use_cache=False, logits_to_keep=before).logits
    return token_losses(logits.flatten(0, 1), ids[:, -answer:].flatten()).view(2, answer)


def log_probs_of_all(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Log-probs of all tokens, as DPO trainers take them before a mask picks the answers'."""
    return torch.gather(logits.log_softmax(-1), dim=2, index=targets.unsqueeze(2)).squeeze(2)


def policy_losses(
    model: PreTrainedModel, pair: Pair, logits_of: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """The NLL, and the cross-entropy of both answers, `[2]`."""
    ids, answer = pair.long, pair.answer
    if logits_of == "answers":
        losses = answer_losses(model, ids, answer)
        return losses[0].mean(), losses.sum(1)
    # Two passes over the logits, as the released trainer makes them: one for the preference, and
    # one over the chosen half for the language modelling loss.
    logits = model(input_ids=ids, use_cache=False).logits[:, :-1].float()
    log_probs = log_probs_of_all(logits, ids[:, 1:])
    nll = F.cross_entropy(logits[0], ids[0, 1:])
    return nll, -log_probs[:, -answer:].sum(1)


@torch.no_grad()
def reference_log_probs(model: PreTrainedModel, pair: Pair) -> torch.Tensor:
    return -answer_losses(model, pair.short, pair.answer).sum(1)


def load(folder: str) -> PreTrainedModel:
    return AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="sdpa"
    )


Reference = Callable[[Pair], torch.Tensor]
"""Gives the log-probs of both answers, `[2]`."""


def train_step(
    policy: PreTrainedModel,
    optimizer: torch.optim.Optimizer,
    pair: Pair,
    reference: Reference,
    args: argparse.Namespace,
) -> dict[str, float]:
    """Forward, backward, clipping and update."""
    reference_log_prob = reference(pair)
    nll, losses = policy_losses(policy, pair, args.logits)
    chosen, rejected = -losses - reference_log_prob
    preference = -F.logsigmoid(BETA * (chosen - rejected))
    loss = nll + LAMBDA * preference
    loss.backward()
    grad_norm = torch.nn.utils.clip_grad_norm_(policy.parameters(), args.max_grad_norm)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return {
        "loss": loss.item(),
        "nll": nll.item(),
        "preference": preference.item(),
        "gradNorm": grad_norm.item(),
    }


def peak_bytes() -> int:
    """Most memory resident since the program began, without what the process was before it."""
    try:
        status = Path("/proc/self/status").read_text()
        return 1024 * int(status.split("VmHWM:")[1].split()[0])
    except OSError:
        return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--cases", required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--max-grad-norm", type=float, default=1.0, help="0 clips nothing")
    parser.add_argument("--checkpointing", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--logits", choices=["all", "answers"], default="all")
    parser.add_argument("--reference", choices=["model", "cached"], default="model")
    args = parser.parse_args()
    args.max_grad_norm = args.max_grad_norm or float("inf")
    return args


def main() -> None:
    args = read_arguments()
    torch.set_num_threads(args.threads)
    cases = json.loads(Path(args.cases).read_text())
    short, long = read_pair(cases["warmUp"]), read_pair(cases["measured"])

    policy = load(args.model)
    if args.reference == "cached":
        cached = [reference_log_probs(policy, pair) for pair in (short, long)]
        reference: Reference = lambda pair: cached[0 if pair is short else 1]
    else:
        reference = partial(reference_log_probs, load(args.model).eval())
    policy.train()
    if args.checkpointing:
        policy.gradient_checkpointing_enable({"use_reentrant": False})
    optimizer = torch.optim.AdamW(policy.parameters(), lr=0.0, weight_decay=0.0, fused=True)
    train_step(policy, optimizer, short, reference, args)

    for group in optimizer.param_groups:
        group["lr"] = LEARNING_RATE
    started, cpu_started = time.perf_counter(), time.process_time()
    losses = train_step(policy, optimizer, long, reference, args)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    figures = {
        "seconds": seconds,
        "cpuSeconds": cpu_seconds,
        "peakBytes": peak_bytes(),
        **losses,
        "tokens": long.long.numel(),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
