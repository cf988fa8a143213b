"""Small GGUF files and what is in them, for tests/model/gguf_*_test.ts.

    python tests/oracle/gguf_files.py [tests/golden]

Written and read back with llama.cpp's own Python package; logits come from Hugging Face transformers, ids
from SentencePiece and from Hugging Face's tokenizers. Needs gguf, sentencepiece, torch, transformers and
safetensors (made with 0.19.0, 0.2.3, 2.13.0, 5.23.0 and 0.8.0).
"""

import hashlib
import io
import json
import sys
from pathlib import Path

import numpy as np
import sentencepiece
import torch
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFWriter, TokenType, dequantize, quantize
from safetensors.numpy import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM

from readable_json import readable_json
from tokenizer import CORPUS, LLAMA3, SPECIAL, TEXTS, byte_level

FORMATS = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"]
COLUMNS = 256


def quantised(values: np.ndarray, name: str) -> np.ndarray:
    """Bytes of the blocks, `[rows, bytes]`; the three plain formats too."""
    if name in ("F32", "F16"):
        return np.ascontiguousarray(values, {"F32": np.float32, "F16": np.float16}[name]).view(np.uint8)
    return quantize(values, GGMLQuantizationType[name])


def half_precision_offsets(name: str) -> list[int]:
    """Where a block has its half-precision numbers, which must be finite."""
    return {"Q6_K": [208], "F32": [], "F16": [0], "BF16": []}.get(
        name, [0, 2] if name in ("Q4_1", "Q5_1", "Q4_K", "Q5_K") else [0]
    )


def random_blocks(name: str, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Blocks of random bits: every bit of every field counts."""
    if name in ("F32", "BF16"):
        return quantised(rng.standard_normal((rows, COLUMNS), np.float32) * 10, name)
    weights, size = GGML_QUANT_SIZES[GGMLQuantizationType[name]]
    blocks = rng.integers(0, 256, (rows * COLUMNS // weights, size), np.uint8)
    for offset in half_precision_offsets(name):
        halves = rng.standard_normal(len(blocks)).astype(np.float16) / 8
        blocks[:, offset : offset + 2] = halves.view(np.uint8).reshape(-1, 2)
    return blocks.reshape(rows, -1)


def write_formats(folder: Path) -> None:
    rng = np.random.default_rng(1)
    writer = GGUFWriter(folder / "formats.gguf", "none")
    expected = {}
    for name in FORMATS:
        kind = GGMLQuantizationType[name]
        blocks = random_blocks(name, 2, rng)
        if not name.endswith("_K"):
            values = rng.standard_normal((2, COLUMNS), np.float32)
            blocks = np.concatenate([blocks, quantised(values, name)])
        writer.add_tensor(name, blocks, raw_dtype=kind)
        expected[name] = dequantize(blocks, kind).astype(np.float32)
        assert np.isfinite(expected[name]).all(), name
    close(writer)
    save_file(expected, folder / "formats.safetensors")


def close(writer: GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


# A tiny Llama, each kind of matrix in another format.
TINY = LlamaConfig(
    vocab_size=448,
    hidden_size=64,
    intermediate_size=96,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=128,
    rope_theta=50000.0,
    rms_norm_eps=1e-5,
    tie_word_embeddings=False,
    initializer_range=0.2,
)
STORED = {
    "model.embed_tokens.weight": ("token_embd.weight", "Q8_0"),
    "model.norm.weight": ("output_norm.weight", "F32"),
    "lm_head.weight": ("output.weight", "F16"),
    "input_layernorm": ("attn_norm", "F32"),
    "self_attn.q_proj": ("attn_q", "Q5_1"),
    "self_attn.k_proj": ("attn_k", "Q8_0"),
    "self_attn.v_proj": ("attn_v", "Q5_0"),
    "self_attn.o_proj": ("attn_output", "Q4_0"),
    "post_attention_layernorm": ("ffn_norm", "F32"),
    "mlp.gate_proj": ("ffn_gate", "Q4_1"),
    "mlp.up_proj": ("ffn_up", "BF16"),
    "mlp.down_proj": ("ffn_down", "F16"),
}


def stored(name: str) -> tuple[str, str]:
    if name in STORED:
        return STORED[name]
    layer, part = name.removeprefix("model.layers.").removesuffix(".weight").split(".", 1)
    inner, kind = STORED[part]
    return f"blk.{layer}.{inner}.weight", kind


def permute(weights: np.ndarray, heads: int) -> np.ndarray:
    """As llama.cpp's converter stores queries and keys."""
    rows, columns = weights.shape
    return weights.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def unpermute(weights: np.ndarray, heads: int) -> np.ndarray:
    rows, columns = weights.shape
    return weights.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def interleaved_heads(name: str, config: LlamaConfig) -> int | None:
    if ".q_proj." in name:
        return config.num_attention_heads
    return config.num_key_value_heads if ".k_proj." in name else None


def add_vocabulary(writer: GGUFWriter, description: dict, size: int) -> None:
    tokens = sorted(description["model"]["vocab"], key=description["model"]["vocab"].get)
    kinds = [TokenType.CONTROL if token in SPECIAL else TokenType.NORMAL for token in tokens]
    fill = size - len(tokens)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list(tokens + [f"[PAD{index}]" for index in range(fill)])
    writer.add_token_types(kinds + [TokenType.UNUSED] * fill)
    writer.add_token_merges([" ".join(pair) for pair in description["model"]["merges"]])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(True)
    writer.add_chat_template("{% for m in messages %}{{ bos_token }}{{ m.role }}: {{ m.content }}\n{% endfor %}")


def write_tiny(folder: Path) -> None:
    torch.manual_seed(3)
    model = LlamaForCausalLM(TINY).eval()
    writer = GGUFWriter(folder / "tiny.gguf", "llama")
    writer.add_context_length(TINY.max_position_embeddings)
    writer.add_embedding_length(TINY.hidden_size)
    writer.add_block_count(TINY.num_hidden_layers)
    writer.add_feed_forward_length(TINY.intermediate_size)
    writer.add_head_count(TINY.num_attention_heads)
    writer.add_head_count_kv(TINY.num_key_value_heads)
    writer.add_rope_dimension_count(TINY.hidden_size // TINY.num_attention_heads)
    writer.add_rope_freq_base(50000.0)
    writer.add_layer_norm_rms_eps(TINY.rms_norm_eps)
    writer.add_vocab_size(TINY.vocab_size)
    description = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False))
    add_vocabulary(writer, description, TINY.vocab_size)
    state, hashes = model.state_dict(), {}
    for name, weights in state.items():
        if weights.dim() == 1:
            weights = 1 + torch.randn_like(weights) / 8
        heads = interleaved_heads(name, TINY)
        values = permute(weights.numpy(), heads) if heads else weights.numpy()
        tensor, kind = stored(name)
        blocks = quantised(values, kind)
        writer.add_tensor(tensor, blocks, raw_dtype=GGMLQuantizationType[kind])
        back = dequantize(blocks, GGMLQuantizationType[kind]).reshape(values.shape).astype(np.float32)
        back = np.ascontiguousarray(unpermute(back, heads) if heads else back)
        state[name] = torch.from_numpy(back)
        hashes[name] = hashlib.sha256(back.tobytes()).hexdigest()
    close(writer)
    model.load_state_dict(state)
    ids = torch.randint(3, 420, (40,), generator=torch.Generator().manual_seed(5)).tolist()
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0, -1]
    log_probs = logits.log_softmax(-1)
    (folder / "tiny.json").write_text(
        readable_json({"ids": ids, "lastLogProbs": log_probs.tolist(), "sha256": hashes})
    )


def cases(encode, decode) -> list[dict]:
    return [{"text": text, "ids": (ids := encode(text)), "decoded": decode(ids)} for text in TEXTS]


def train_sentencepiece(prefix: bool) -> sentencepiece.SentencePieceProcessor:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([line for text in CORPUS for line in text.split("\n") if line]),
        model_writer=model,
        model_type="bpe",
        vocab_size=400,
        byte_fallback=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=prefix,
        minloglevel=2,
    )
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def sentencepiece_type(model: sentencepiece.SentencePieceProcessor, index: int) -> int:
    if model.is_unknown(index):
        return TokenType.UNKNOWN
    if model.is_control(index):
        return TokenType.CONTROL
    return TokenType.BYTE if model.is_byte(index) else TokenType.NORMAL


def write_sentencepiece(folder: Path) -> None:
    """Ids from SentencePiece itself, for texts without special tokens: it does not look for those."""
    result = {}
    for name, prefix in {"prefix": True, "noPrefix": False}.items():
        model = train_sentencepiece(prefix)
        indices = range(model.vocab_size())
        metadata = {
            "tokenizer.ggml.model": "llama",
            "tokenizer.ggml.tokens": [model.id_to_piece(index) for index in indices],
            "tokenizer.ggml.scores": [model.get_score(index) for index in indices],
            "tokenizer.ggml.token_type": [int(sentencepiece_type(model, index)) for index in indices],
            "tokenizer.ggml.add_space_prefix": prefix,
            "tokenizer.ggml.bos_token_id": model.bos_id(),
            "tokenizer.ggml.eos_token_id": model.eos_id(),
            "tokenizer.ggml.unknown_token_id": model.unk_id(),
        }
        plain = [case for case in cases(model.encode, model.decode) if "<s>" not in case["text"] and "</s>" not in case["text"]]
        result[name] = {"metadata": metadata, "cases": plain}
    dump(folder / "sentencepiece.json", result)


def byte_level_families() -> dict[str, tuple]:
    """Normaliser and pre-tokeniser that the models' own tokenizer.json have."""
    level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    llama3 = pre_tokenizers.Split(Regex(LLAMA3), "isolated")
    qwen2 = pre_tokenizers.Split(Regex(LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")), "isolated")
    digits = pre_tokenizers.Digits(individual_digits=True)
    return {
        "gpt-2": (None, level),
        "smollm": (None, pre_tokenizers.Sequence([digits, level])),
        "llama-bpe": (None, pre_tokenizers.Sequence([llama3, bytes_])),
        "qwen2": (normalizers.NFC(), pre_tokenizers.Sequence([qwen2, bytes_])),
    }


def write_byte_level(folder: Path) -> None:
    description = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False))
    vocabulary, merges = description["model"]["vocab"], description["model"]["merges"]
    # What digits become must depend on who splits them: merges that GPT-2's split would not learn.
    for pair in (["1", "2"], ["12", "3"], ["Ġ", "1"]):
        if "".join(pair) not in vocabulary:
            vocabulary["".join(pair)] = len(vocabulary)
            merges.append(pair)
    tokens = sorted(vocabulary, key=vocabulary.get)
    metadata = {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [3 if token in SPECIAL else 1 for token in tokens],
        "tokenizer.ggml.merges": [" ".join(pair) for pair in merges],
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
    }
    families = {}
    for name, (normalizer, pre_tokenizer) in byte_level_families().items():
        bpe = models.BPE(vocabulary, [tuple(pair) for pair in merges], ignore_merges=name == "llama-bpe")
        tokenizer = Tokenizer(bpe)
        if normalizer:
            tokenizer.normalizer = normalizer
        tokenizer.pre_tokenizer = pre_tokenizer
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
        families[name] = cases(
            lambda text: tokenizer.encode(text, add_special_tokens=False).ids,
            lambda ids: tokenizer.decode(ids, skip_special_tokens=False),
        )
    dump(folder / "byte_level.json", {"metadata": metadata, "families": families})


def dump(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def main(golden: Path) -> None:
    folder = golden / "gguf"
    folder.mkdir(parents=True, exist_ok=True)
    write_formats(folder)
    write_tiny(folder)
    write_sentencepiece(folder)
    write_byte_level(folder)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "tests/golden"))
