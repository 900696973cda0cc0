/** Where an architecture's graph differs from norm, attention, sum, norm, feed-forward, sum (llama.cpp's src/models). */
export interface Dialect {
  /** The results of attention and feed-forward are normalised before they are added. */
  readonly normsResults?: true;
  /** Attention and feed-forward read their input as it is. */
  readonly normsOnlyResults?: true;
  /** Input embeddings are scaled. */
  readonly scalesInput?: true;
  /** Results are scaled before they are added. */
  readonly scalesResults?: true;
  /** One matrix projects to Q, K and V. */
  readonly fusedProjection?: true;
  /** Expert projections have biases. */
  readonly expertBiases?: true;
  /** Expert weights are applied before the experts run. */
  readonly weightsFirst?: true;
  /** The router's softmax comes after the choice of experts, or it has none. */
  readonly lateRouting?: true;
  readonly sigmoidRouting?: true;
  /** Dense feed-forward and experts run side by side in the same layer. */
  readonly denseBesideExperts?: true;
}

const gemma: Dialect = { normsResults: true, scalesInput: true };

const DIALECTS: ReadonlyMap<string, Dialect> = new Map<string, Dialect>([
  ["gemma", { scalesInput: true }],
  ["gemma2", gemma],
  ["gemma3", gemma],
  ["gemma4", { ...gemma, denseBesideExperts: true }],
  ["glm4", { normsResults: true, fusedProjection: true }],
  ["olmo2", { normsResults: true, normsOnlyResults: true }],
  ["olmo3", { normsResults: true, normsOnlyResults: true }],
  ["exaone4", { normsResults: true, normsOnlyResults: true }],
  ["granite", { scalesInput: true, scalesResults: true }],
  ["granitemoe", { scalesInput: true, scalesResults: true }],
  ["minicpm", { scalesInput: true, scalesResults: true }],
  ["gpt-oss", { expertBiases: true, lateRouting: true }],
  ["gptoss", { expertBiases: true, lateRouting: true }],
  ["llama4", { weightsFirst: true, lateRouting: true }],
  ["glm4moe", { sigmoidRouting: true }],
  ["dots1", { sigmoidRouting: true }],
  ["minimax-m2", { sigmoidRouting: true }],
  ["bailingmoe2", { sigmoidRouting: true }],
  ["exaone-moe", { sigmoidRouting: true }],
  ["phi3", { fusedProjection: true }],
  ["phimoe", { fusedProjection: true }],
  ["chatglm", { fusedProjection: true }],
  ["falcon", { fusedProjection: true }],
  ["gptneox", { fusedProjection: true }],
  ["gpt2", { fusedProjection: true }],
  ["mpt", { fusedProjection: true }],
  ["bloom", { fusedProjection: true }],
  ["dbrx", { fusedProjection: true }],
  ["qwen", { fusedProjection: true }],
  ["nomic-bert", { fusedProjection: true }],
  ["nomic-bert-moe", { fusedProjection: true }],
  ["jina-bert-v3", { fusedProjection: true }],
  ["modern-bert", { fusedProjection: true }],
]);

const PLAIN: Dialect = {};

export function dialectOf(architecture: string): Dialect {
  return DIALECTS.get(architecture) ?? PLAIN;
}
