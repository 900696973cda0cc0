import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainMarkdown } from "../../../src/ui/shared/plain-markdown";

describe("a text from elsewhere", () => {
  it("begins no picture, link, heading, code or tag, and no line of its own", () => {
    expect(plainMarkdown("![x](http://a/b.png)")).toBe("\\!\\[x\\](http://a/b.png)");
    expect(plainMarkdown('<img src="x">\n# big `code`')).toBe('\\<img src="x"\\> \\# big \\`code\\`');
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(plainMarkdown(text)).not.toMatch(/\n|(?<!\\)(?:\\\\)*[`*<>[\]!#|]/);
      }),
    );
  });

  it("keeps names and sentences as they are", () => {
    for (const text of ["qwen3-coder-next:q4_K_M-64k", "hf.co/unsloth/Qwen3-8B-GGUF:Q4_K_M", "56.0 GiB limit, 256K."])
      expect(plainMarkdown(text)).toBe(text);
  });
});
