/** Words that are one token each, behind a space, in the vocabularies of the models that Ollama runs. */
const WORDS = (
  "the of and to in is that for it as was with be by on not he his but at are this have from they which one had word " +
  "all were when your can said there use each how other out up time about many then them these so some her would make " +
  "like him into has look two more write go see number no way could people my than first water been call who oil its " +
  "now find long down day did get come made may part"
).split(" ");

/**
 * A text of so many common words, for a prompt that's only there to be read. Its order is another one each time: Ollama
 * keeps what it has read, and would skip a beginning that it knows.
 *
 * @param random numbers from 0 to below 1
 */
export function fillerPrompt(words: number, random: () => number = Math.random): string {
  const word = () => WORDS[Math.floor(random() * WORDS.length)] ?? "the";
  return Array.from({ length: words }, word).join(" ");
}
