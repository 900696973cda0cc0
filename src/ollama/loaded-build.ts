import type { LoadedModel } from "../fit/facts";
import { type BuildName, sameBuild, withListedDigests } from "../fit/model-builds";
import type { OllamaClient } from "./client";

/** What Ollama has loaded of a build, under the digest that it's listed with. @throws OllamaProblem */
export async function readLoadedBuild(
  client: Pick<OllamaClient, "loaded" | "models">,
  build: BuildName,
): Promise<LoadedModel | undefined> {
  const [loaded, models] = await Promise.all([client.loaded(), client.models()]);
  return withListedDigests(loaded, models).find((resident) => sameBuild(resident, build));
}
