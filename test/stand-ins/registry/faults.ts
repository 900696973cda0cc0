/**
 * What is wrong with a registry, or with the storage that it sends on to:
 * - down: nothing answers; - private: 401 with a challenge; - gone: a file that its manifest names isn't there;
 * - expired: the signed address is no longer taken; - ignores-range: the whole file with 200, as some mirrors send it;
 * - wrong-range: 206 with another part than was asked for; - longer: a file of another size than the manifest says;
 * - compressed: gzip, whoever asked for it; - breaks-off: in the middle of the header; - stalls: there, and stays open;
 * - slow: a kilobyte in each tenth of a second; - http: storage without https; - inward: storage at an address of this
 * network; - loop: one redirect after another; - hostile: a header that claims more than any file has.
 */
export const REGISTRY_FAULTS = [
  "down",
  "private",
  "gone",
  "expired",
  "ignores-range",
  "wrong-range",
  "longer",
  "compressed",
  "breaks-off",
  "stalls",
  "slow",
  "http",
  "inward",
  "loop",
  "hostile",
] as const;

export type RegistryFault = (typeof REGISTRY_FAULTS)[number];
