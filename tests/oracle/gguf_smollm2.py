"""What transformers makes of SmolLM2-135M-Instruct in a GGUF file, for tests/model/gguf_smollm2_test.ts.

    python tests/oracle/gguf_smollm2.py path/to/SmolLM2-135M-Instruct.Q4_1.gguf [tests/golden] [--logits FOLDER]

The weights are those of llama.cpp's own dequantisation, put into a float32 LlamaForCausalLM. The ids are
those of Hugging Face's tokenizers with the pre-tokeniser of SmolLM2's own tokenizer.json, which a GGUF
file only names. Needs gguf, torch and transformers (made with 0.19.0, 2.13.0 and 5.23.0).
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
import torch
from gguf import GGUFReader, dequantize
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from gguf_files import interleaved_heads, stored, unpermute
from mixed_text import CHATS, FRAGMENTS, LINES, line_hashes, messages, mixed_lines
from readable_json import readable_json

NEW_TOKENS = 64
PROBED = 16

PROMPTS = [
    "What is the capital of France?",
    "Write one sentence about the sea.",
    "Who wrote Romeo and Juliet?",
    "List three colours.",
    "What is 7 times 8?",
    "Translate 'good morning' into Spanish.",
    "Explain what a tokenizer does.",
    "Give me a name for a grey cat.",
    "What do bees make?",
    "How many days are in a leap year?",
    "Write a Python function that adds two numbers.",
    "What is the largest planet?",
    "Summarise: The keeper wrote down every ship that passed. In the night a storm came from the north.",
    "Is water heavier than oil?",
    "What rhymes with light?",
    "Tell me a joke about a computer.",
    "What is photosynthesis?",
    "Name a famous painter and one of their works.",
    "Correct this sentence: She go to school every days.",
    "What should I eat for breakfast?",
]


class GgufModel:
    def __init__(self, path: Path):
        self.reader = GGUFReader(path)
        self.config = LlamaConfig(
            vocab_size=self.of("llama.vocab_size"),
            hidden_size=self.of("llama.embedding_length"),
            intermediate_size=self.of("llama.feed_forward_length"),
            num_hidden_layers=self.of("llama.block_count"),
            num_attention_heads=self.of("llama.attention.head_count"),
            num_key_value_heads=self.of("llama.attention.head_count_kv"),
            max_position_embeddings=self.of("llama.context_length"),
            rope_theta=self.of("llama.rope.freq_base"),
            rms_norm_eps=1e-5,
            tie_word_embeddings=True,
        )

    def of(self, key: str):
        return self.reader.fields[key].contents()

    def weights(self) -> dict[str, torch.Tensor]:
        tensors = {tensor.name: tensor for tensor in self.reader.tensors}
        result = {}
        for name in LlamaForCausalLM(self.config).state_dict():
            if name == "lm_head.weight":
                continue
            tensor = tensors[stored(name)[0]]
            values = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
            heads = interleaved_heads(name, self.config)
            result[name] = torch.from_numpy(unpermute(values, heads).copy() if heads else values.copy())
        return result

    def tokenizer(self) -> Tokenizer:
        tokens = self.of("tokenizer.ggml.tokens")
        merges = [tuple(merge.split(" ")) for merge in self.of("tokenizer.ggml.merges")]
        tokenizer = Tokenizer(models.BPE({token: index for index, token in enumerate(tokens)}, merges))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ])
        tokenizer.decoder = decoders.ByteLevel()
        control = [token for token, kind in zip(tokens, self.of("tokenizer.ggml.token_type")) if kind == 3]
        tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
        return tokenizer


def greedy(model: LlamaForCausalLM, prompt: list[int]) -> tuple[torch.Tensor, list[int], float]:
    """The logits after the prompt, the continuation, and the smallest lead of its tokens."""
    ids, cache, found, gap = torch.tensor([prompt]), None, [], float("inf")
    first = None
    for _ in range(NEW_TOKENS):
        out = model(ids, past_key_values=cache, use_cache=True)
        cache, logits = out.past_key_values, out.logits[0, -1]
        first = logits if first is None else first
        best = logits.topk(2)
        gap = min(gap, (best.values[0] - best.values[1]).item())
        found.append(int(best.indices[0]))
        ids = best.indices[:1].view(1, 1)
    return first, found, gap


def weights_hash(weights: dict[str, torch.Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(weights[name].numpy().tobytes())
    return digest.hexdigest()


def main(path: Path, golden: Path, everything: Path | None) -> None:
    gguf = GgufModel(path)
    tokenizer = gguf.tokenizer()

    def encode(text: str) -> list[int]:
        return tokenizer.encode(text, add_special_tokens=False).ids

    fast = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    differing = sum(encode(line) != fast.encode(line, add_special_tokens=False) for line in mixed_lines())
    print(f"transformers' own reading of the file splits {differing} of {LINES} lines otherwise")
    chats = [fast.apply_chat_template(messages(chat), tokenize=False, add_generation_prompt=True) for chat in CHATS]

    weights = gguf.weights()
    model = LlamaForCausalLM(gguf.config).eval()
    print(model.load_state_dict(weights, strict=False))
    prompts = []
    for index, text in enumerate(PROMPTS):
        chat = fast.apply_chat_template(messages([f"user: {text}"]), tokenize=False, add_generation_prompt=True)
        ids = encode(chat)
        logits, continuation, gap = greedy(model, ids)
        if everything:
            everything.mkdir(parents=True, exist_ok=True)
            (everything / f"{index}.f32").write_bytes(logits.numpy().tobytes())
        probed = [(index * 2477 + step * 3061) % len(logits) for step in range(PROBED)]
        prompts.append({
            "text": text,
            "ids": ids,
            "probed": probed,
            "logits": [logits[token].item() for token in probed],
            "greedy": continuation,
            "smallestGap": gap,
        })
        print(f"{gap:.4f} {tokenizer.decode(continuation)!r}")
    golden.mkdir(parents=True, exist_ok=True)
    (golden / "smollm2.json").write_text(readable_json({
        "weights": weights_hash(weights),
        "fragments": FRAGMENTS,
        "lineHashes": line_hashes(encode, mixed_lines()),
        "chats": [{"messages": messages(chat), "text": text} for chat, text in zip(CHATS, chats)],
        "prompts": prompts,
    }))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("path", type=Path)
    parser.add_argument("golden", type=Path, nargs="?", default=Path("tests/golden"))
    parser.add_argument("--logits", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    with torch.no_grad():
        main(arguments.path, arguments.golden / "gguf", arguments.logits)
