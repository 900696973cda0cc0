import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  IOREG as IOREG_PROGRAM,
  parseGpuStatistics,
  parseSize,
  parseSwapUsed,
  parseVmStat,
  readKernelStatus,
  readMemoryUse,
  VM_STAT as VM_STAT_PROGRAM,
} from "../../src/mac/memory-status";
import { SYSCTL } from "../../src/mac/sysctl";
import { createSampleMac } from "../stand-ins/mac";

const GIB = 1024 ** 3;

const VM_STAT = `Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                                4518.
Pages active:                            194947.
Pages inactive:                          191193.
Pages speculative:                         3014.
Pages throttled:                              0.
Pages wired down:                        159117.
Pages purgeable:                            630.
"Translation faults":                 574921966.
File-backed pages:                       141843.
Anonymous pages:                         247311.
Pages stored in compressor:             1022243.
Pages occupied by compressor:            454496.
Swapins:                                 470789.
Swapouts:                                929703.
`;

const IOREG = `+-o AGXAcceleratorG16G  <class AGXAcceleratorG16G, id 0x10000050b, registered, matched, active, busy 0 (655 ms), retain 51>
  "model" = "Apple M4"
  "gpu-core-count" = 10
  "PerformanceStatistics" = {"In use system memory (driver)"=0,"Alloc system memory"=1574862848,"Tiler Utilization %"=20,"recoveryCount"=0,"Renderer Utilization %"=19,"TiledSceneBytes"=1605632,"Device Utilization %"=21,"SplitSceneCount"=0,"In use system memory"=351141888}
`;

const readMemoryStatus = async (system: Parameters<typeof readMemoryUse>[0]) => ({
  ...(await readKernelStatus(system)),
  ...(await readMemoryUse(system)),
});

describe("the memory of a Mac", () => {
  it("is read with three programs", async () => {
    const mac = createSampleMac();
    const status = await readMemoryStatus(mac.system());
    expect(mac.calls.map(({ file }) => file)).toEqual([SYSCTL, VM_STAT_PROGRAM, IOREG_PROGRAM]);
    expect(status).toEqual({
      overrideMib: 0,
      ramBytes: 64 * GIB,
      pressure: "normal",
      freePercent: 94,
      swapUsedBytes: GIB / 2,
      wiredBytes: expect.any(Number),
      usedBytes: expect.any(Number),
      compressedBytes: expect.any(Number),
      gpuInUseBytes: 351141888,
      gpuAllocatedBytes: 1574862848,
    });
    // What macOS takes, Firefox, Xcode and the small ones.
    expect((status.usedBytes ?? 0) / GIB).toBeCloseTo(11.1, 1);
  });

  it("is read once for two who ask at the same moment", async () => {
    const mac = createSampleMac();
    const [one, other] = await Promise.all([readMemoryUse(mac), readMemoryUse(mac)]);
    expect(other).toEqual(one);
    expect(mac.calls.filter(({ file }) => file === VM_STAT_PROGRAM)).toHaveLength(1);
    await readMemoryUse(mac);
    expect(mac.calls.filter(({ file }) => file === VM_STAT_PROGRAM)).toHaveLength(2);
  });

  it("gives what is left when a program is missing or hangs", async () => {
    const without = (...stuck: readonly string[]) => readMemoryStatus(createSampleMac({ faults: { stuck } }));
    expect(await without(SYSCTL)).not.toHaveProperty("pressure", expect.anything());
    expect(await without(VM_STAT_PROGRAM)).not.toHaveProperty("usedBytes", expect.anything());
    expect(await without(IOREG_PROGRAM)).not.toHaveProperty("gpuInUseBytes", expect.anything());
    expect(await without(IOREG_PROGRAM)).toHaveProperty("pressure", "normal");
    expect(await without(SYSCTL, VM_STAT_PROGRAM, IOREG_PROGRAM)).toEqual({});
  });

  it.each([
    ["1", "normal"],
    ["2", "warning"],
    ["4", "critical"],
    ["3", undefined],
    ["x", undefined],
  ])("names pressure %s %s", async (level, pressure) => {
    const mac = createSampleMac();
    mac.sysctls.set("kern.memorystatus_vm_pressure_level", level);
    mac.sysctls.set("kern.memorystatus_level", "140");
    const status = await readMemoryStatus(mac.system());
    expect(status.pressure).toBe(pressure);
    expect(status).not.toHaveProperty("freePercent", expect.anything());
  });
});

describe("parsers", () => {
  it("sums the pages of a real 16 GB Mac", () => {
    expect(parseVmStat(VM_STAT)).toEqual({
      wiredBytes: 159117 * 16384,
      compressedBytes: 454496 * 16384,
      usedBytes: (194947 + 191193 + 3014 + 159117 + 454496 - 630 - 141843) * 16384,
    });
  });

  it("leaves a sum out when one of its lines is missing", () => {
    const cut = VM_STAT.replace(/Pages purgeable.*\n/, "");
    expect(parseVmStat(cut)).toEqual({ wiredBytes: 159117 * 16384, compressedBytes: 454496 * 16384 });
    expect(parseVmStat(VM_STAT.replace("page size of 16384 bytes", ""))).toEqual({});
  });

  it("does not take the driver's figure for the GPU's", () => {
    expect(parseGpuStatistics(IOREG)).toEqual({ gpuInUseBytes: 351141888, gpuAllocatedBytes: 1574862848 });
    expect(parseGpuStatistics('{"In use system memory (driver)"=5}')).toEqual({});
    expect(parseGpuStatistics(IOREG + IOREG)).toMatchObject({ gpuInUseBytes: 2 * 351141888 });
  });

  it("reads sizes and swap with point and comma", () => {
    expect(parseSwapUsed("total = 15360.00M  used = 5120.00M  free = 10240.00M  (encrypted)")).toBe(5 * GIB);
    expect(parseSwapUsed("total = 15360,00M  used = 5120,00M  free = 10240,00M")).toBe(5 * GIB);
    expect(parseSwapUsed("used = x")).toBeUndefined();
    expect(["0B", "512K", "1.5G", "2T", "1X", "-1M", "M"].map(parseSize)).toEqual([
      0,
      512 * 1024,
      1.5 * GIB,
      2048 * GIB,
      ...Array<undefined>(3).fill(undefined),
    ]);
  });

  it("survives any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.nat(VM_STAT.length), (text, cut) => {
        for (const output of [text, VM_STAT.slice(0, cut) + text, IOREG.slice(0, cut) + text]) {
          for (const value of Object.values({ ...parseVmStat(output), ...parseGpuStatistics(output) })) {
            expect(value ?? 0).toBeGreaterThanOrEqual(0);
          }
        }
      }),
    );
  });
});
