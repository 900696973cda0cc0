/** Generation of an Apple chip by its name, such as "M4", "Apple M3 Max"; undefined for any other. */
export function chipGeneration(chip: string | undefined): number | undefined {
  const generation = /^(?:Apple )?M(\d{1,2})(?: |$)/i.exec(chip?.trim() ?? "")?.[1];
  return generation === undefined ? undefined : Number(generation);
}
