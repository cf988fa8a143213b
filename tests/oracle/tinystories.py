"""Writes logits, log-probs and greedy continuations of a real model to tests/golden/tinystories/.

The model is raincandy-u/TinyStories-656K; its folder is the first argument. All numbers come from
transformers in float32 with eager attention; how far float64 is from them is noted in the file.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoTokenizer, LlamaForCausalLM

from llama import to_float64, token_log_probs
from readable_json import readable_json

LONG_STORY = """Once upon a time, there was a little girl named Mia. She lived in a small house near a big forest. \
Every morning, Mia fed her brown dog, Max, and then they went out to play. One day, they found a red ball under a tree. \
"Look, Max!" said Mia. "Who lost this ball?" Max barked and ran to the pond. There was a boy who looked very sad. \
"Hi, my name is Ben," he said. "I lost my ball and I can not find it." Mia smiled and gave him the red ball. \
Ben was so happy that he jumped up and down. "Thank you!" he said. "Do you want to play with me?" Mia nodded. \
They played all day, and Max ran after the ball again and again. When the sun went down, Mia's mom called them \
for dinner. They ate soup and bread, and Mom told them a story about a brave little fish. The fish lived in the deep \
blue sea and wanted to see the moon. One night, it swam up and up until it saw a bright light. "Hello, moon!" said \
the fish. The moon smiled at the little fish. Ben was very tired now, so his dad came and took him home. \
That night, Mia"""

TEXTS = {
    "once": "Once upon a time",
    "friends": "Lily and Ben are friends. They like to",
    "park": "Tom and Sam went to the park with",
    "cat": "The cat was very tired. It wanted to",
    "spoken": '"Can I have a cookie?" asked Lily. Her mom said,',
    "long_story": LONG_STORY,
}
GREEDY = ("friends", "park", "cat")
COMFORTABLE_GAP = 0.01
NEW_TOKENS = 100


def prompts(folder: Path) -> dict[str, list[int]]:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = {name: tokenizer(text).input_ids for name, text in TEXTS.items()}
    drawn = torch.randint(3, 2048, (24,), generator=torch.Generator().manual_seed(1)).tolist()
    return {"only_bos": [1], **texts, "random_tokens": [1, *drawn]}


def logits(model: LlamaForCausalLM, ids: list[int]) -> torch.Tensor:
    """`[tokens, vocabulary]` of a whole forward, without a cache."""
    return model(torch.tensor([ids]), use_cache=False).logits[0]


def greedy(model: LlamaForCausalLM, prompt: list[int]) -> tuple[list[int], float]:
    """The continuation and the smallest lead that its tokens' logits have over the second best."""
    ids, smallest_gap = list(prompt), float("inf")
    for _ in range(NEW_TOKENS):
        best = logits(model, ids)[-1].topk(2)
        smallest_gap = min(smallest_gap, (best.values[0] - best.values[1]).item())
        ids.append(int(best.indices[0]))
    return ids[len(prompt) :], smallest_gap


def main(folder: Path, golden: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    exact = to_float64(
        LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    )
    if model.lm_head.weight.data_ptr() != model.model.embed_tokens.weight.data_ptr():
        raise SystemExit(f"{folder}: transformers did not tie the embedding to lm_head.weight")

    tensors, entries = {}, []
    for name, ids in prompts(folder).items():
        whole = logits(model, ids)
        middle = (len(ids) - 1) // 2
        tensors[f"{name}.last"] = whole[-1].clone()
        tensors[f"{name}.middle"] = whole[middle].clone()
        tensors[f"{name}.logprobs"] = token_log_probs(model, ids)
        entry: dict[str, object] = {
            "name": name,
            "ids": ids,
            "middle": middle,
            "distanceToFloat64": (whole - logits(exact, ids)).abs().max().item(),
        }
        if name in GREEDY:
            continuation, gap = greedy(model, ids)
            if gap < COMFORTABLE_GAP:
                raise SystemExit(f"{name}: two tokens are only {gap} apart; take another prompt")
            entry |= {
                "greedy": continuation,
                "smallestGap": gap,
                "greedyText": tokenizer.decode(continuation),
            }
            print(f"{name}: smallest gap {gap:.4f}, {entry['greedyText']!r}")
        entries.append(entry)
        print(f"{name}: {len(ids)} tokens, log-prob {tensors[f'{name}.logprobs'].sum():.2f}, "
              f"logits up to {whole.abs().max():.1f}, float64 is {entry['distanceToFloat64']:.1e} away")

    golden.mkdir(parents=True, exist_ok=True)
    save_file(tensors, golden / "logits.safetensors")
    (golden / "prompts.json").write_text(readable_json({"prompts": entries}))


if __name__ == "__main__":
    torch.set_num_threads(1)
    with torch.no_grad():
        main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "tests/golden") / "tinystories")
