import fc from "fast-check";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import { describe, expect, it } from "vitest";
import { plainMarkdown } from "../../../src/ui/shared/plain-markdown";

type Node = ReturnType<typeof fromMarkdown>["children"][number] | ReturnType<typeof fromMarkdown>;

const parse = (markdown: string) =>
  fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });

/** Kinds of everything a GFM renderer finds in a document. */
function kinds(node: Node): readonly string[] {
  return [node.type, ...("children" in node ? node.children.flatMap(kinds) : [])];
}

function shown(node: Node): string {
  return "value" in node ? node.value : "children" in node ? node.children.map(shown).join("") : "";
}

const HOSTILE = [
  "![x](http://h/i.png)",
  "[x](javascript:alert(1))",
  "http://h/i.png<img src='http://h/i.png' x=>",
  "<http://h.example>",
  "see https://h.example/a?b=c or www.h.example, or mailto:me@h.example",
  "me@h.example",
  "# big\n## bigger",
  "- list\n1. list",
  "1) list",
  " 1) list",
  "\n- list",
  "> quote",
  "```js\ncode\n```",
  "`code` *a* _b_ __c__ ~~d~~ **e**",
  "a | b\n--- | ---\n1 | 2",
  "&lt;img src=x&gt; &#60;img&#62;",
  "title\n===",
  "\\<img src=x>",
  "<!-- c --><script>x</script>",
  "[^1] [ref][ref]\n[ref]: http://h",
  "a\u0000b\u001b[31mred\u202Etxt",
];

const anyPiece = fc.constantFrom(...HOSTILE, ..."<>[]()!*_`~#|&;:/.@\\-+=1 \n".split(""), "www.", "http://", "a");
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(anyPiece, { maxLength: 12 }).map((parts) => parts.join("")),
);

describe("a text from elsewhere", () => {
  it.each(HOSTILE)("is only a text to a GFM renderer: %j", (text) => {
    expect(kinds(parse(plainMarkdown(text)))).toEqual(["root", "paragraph", "text"]);
  });

  it("begins nothing, whatever it holds and wherever it is put", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const plain = plainMarkdown(text);
        for (const [before, allowed] of [
          ["", ["paragraph", "text"]],
          ["## ", ["heading", "text"]],
          ["It shares ", ["paragraph", "text"]],
          ["- **Failed:** ", ["list", "listItem", "paragraph", "strong", "text"]],
        ] as const) {
          expect(["root", ...allowed]).toEqual(expect.arrayContaining([...kinds(parse(before + plain))]));
        }
      }),
    );
  });

  it.each(HOSTILE)("holds no mark that another renderer reads, escaped or not: %j", (text) => {
    expect(plainMarkdown(text)).not.toMatch(/[\\`*<>[\]!|~]/);
  });

  it("is shown as it is", () => {
    for (const text of ["qwen3-coder-next:q4_K_M-64k", "hf.co/unsloth/Qwen3-8B-GGUF:Q4_K_M", "56.0 GiB limit, 256K."])
      expect(plainMarkdown(text)).toBe(text);
    expect(shown(parse(plainMarkdown("<a> & [b] *c* _d_")))).toBe("<a> & [b] *c* _d_");
  });
});
