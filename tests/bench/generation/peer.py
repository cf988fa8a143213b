"""Greedy decoding by transformers.generate, for tests/bench/generate_peer.ts.

    python tests/bench/generation/peer.py --model FOLDER --threads 2

Reads a job a line from standard input, `{"prompts": [[id, ...], ...], "newTokens": n, "repeated": n}`,
and answers each by a line `{"seconds": s, "tokens": [[id, ...], ...]}`; a line without these says that
the model is loaded. Prompts of a job are equally long, so that nothing is padded.

Where `repeated` is above 0, that many first tokens, which prompts have in common, are computed once and
their cache is copied for each prompt. `generate` does not do that by itself.
"""

import argparse
import json
import sys
import time

import torch
from transformers import AutoModelForCausalLM, DynamicCache


def repeated_cache(model, ids, length):
    """Keys and values of the first prompt's beginning, once for each prompt."""
    cache = DynamicCache(config=model.config)
    model.model(ids[:1, :length], past_key_values=cache, use_cache=True)
    cache.batch_repeat_interleave(ids.shape[0])
    return cache


def answer(model, job):
    ids = torch.tensor(job["prompts"])
    started = time.perf_counter()
    repeated = job["repeated"]
    output = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        past_key_values=repeated_cache(model, ids, repeated) if repeated > 0 else None,
        do_sample=False,
        max_new_tokens=job["newTokens"],
        pad_token_id=0,
    )
    tokens = output[:, ids.shape[1] :].tolist()
    return {"seconds": time.perf_counter() - started, "tokens": tokens}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = AutoModelForCausalLM.from_pretrained(
        options.model, dtype=torch.float32, attn_implementation="sdpa"
    ).eval()
    # Every answer is to have all its tokens, on both sides.
    model.generation_config.eos_token_id = None
    print(json.dumps({}), flush=True)
    with torch.inference_mode():
        for line in sys.stdin:
            print(json.dumps(answer(model, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
