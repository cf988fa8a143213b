/** Chat templates in the manner of well-known models, cut to what a conversation needs. */

/** Qwen2, SmolLM2: a default system message, a header and an end mark a message, no BOS. */
export const CHATML = "{%- if messages[0].role != 'system' -%}" +
  "{{- '<|im_start|>system\\nYou help.<|im_end|>\\n' -}}{%- endif -%}" +
  "{%- for message in messages -%}" +
  "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' -}}" +
  "{%- endfor -%}" +
  "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}";

/** Llama 2: the system message inside the first user's, contents trimmed, a space around answers. */
export const LLAMA_2 = "{%- if messages[0].role == 'system' -%}" +
  "{%- set system = messages[0].content -%}{%- set rest = messages[1:] -%}" +
  "{%- else -%}{%- set system = '' -%}{%- set rest = messages -%}{%- endif -%}" +
  "{%- for message in rest -%}" +
  "{%- if (message.role == 'user') != (loop.index0 % 2 == 0) -%}" +
  "{{- raise_exception('Roles must alternate user/assistant') -}}{%- endif -%}" +
  "{%- if message.role == 'user' -%}" +
  "{%- if loop.index0 == 0 and system -%}" +
  "{{- bos_token + '[INST] <<SYS>>\\n' + system + '\\n<</SYS>>\\n\\n' + message.content.strip() + ' [/INST]' -}}" +
  "{%- else -%}{{- bos_token + '[INST] ' + message.content.strip() + ' [/INST]' -}}{%- endif -%}" +
  "{%- else -%}{{- ' ' + message.content.strip() + ' ' + eos_token -}}{%- endif -%}" +
  "{%- endfor -%}";

/** Llama 3: BOS first, a header between special tokens, contents trimmed. */
export const LLAMA_3 = "{%- for message in messages -%}" +
  "{%- if loop.index0 == 0 -%}{{- bos_token -}}{%- endif -%}" +
  "{{- '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' + message.content | trim + '<|eot_id|>' -}}" +
  "{%- endfor -%}" +
  "{%- if add_generation_prompt -%}" +
  "{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}{%- endif -%}";

/** Zephyr, TinyLlama: headers that are plain text, the tokenizer's own end token. */
export const ZEPHYR = "{%- for message in messages -%}" +
  "{{- '<|' + message.role + '|>\\n' + message.content + eos_token + '\\n' -}}" +
  "{%- endfor -%}" +
  "{%- if add_generation_prompt -%}{{- '<|assistant|>\\n' -}}{%- endif -%}";

/** Phi-3: headers that swallow their newline, one end token for messages and one for the whole. */
export const PHI_3 = "{%- for message in messages -%}" +
  "{{- '<|' + message.role + '|>\\n' + message.content + '<|end|>\\n' -}}" +
  "{%- endfor -%}" +
  "{%- if add_generation_prompt -%}{{- '<|assistant|>\\n' -}}{%- else -%}{{- eos_token -}}{%- endif -%}";

/** A template that shortens earlier answers once the conversation goes on. */
export const FORGETFUL = "{%- for message in messages -%}" +
  "{{- '<|im_start|>' + message.role + '\\n' -}}" +
  "{%- if message.role == 'assistant' and loop.last -%}{{- 'I think: ' -}}{%- endif -%}" +
  "{{- message.content + '<|im_end|>\\n' -}}" +
  "{%- if message.role == 'user' and loop.last -%}{{- '(last question)\\n' -}}{%- endif -%}" +
  "{%- endfor -%}" +
  "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}";
