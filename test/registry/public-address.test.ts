import { describe, expect, it } from "vitest";
import { isPublicAddress } from "../../src/registry/public-address";

const isPublic = (url: string) => isPublicAddress(new URL(url));

describe("where a registry may send a request on to", () => {
  it.each([
    "https://cdn.example.com/blob?sign=x",
    "https://abc.r2.cloudflarestorage.com/x",
    "https://8.8.8.8/",
    "https://[2606:4700::1111]/",
    "https://172.32.0.1/",
    "https://cdn.example.com./",
    "https://[2a01:4f8::1]/",
    "https://[2001:4860:4860::8888]/",
  ])("is %s", (url) => expect(isPublic(url)).toBe(true));

  it.each([
    "http://cdn.example.com/",
    "https://me@cdn.example.com/",
    "https://cdn.example.com:8443/",
    "https://localhost/",
    "https://localhost./",
    "https://mac.local/",
    "https://router/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://10.1.2.3/",
    "https://172.31.255.255/",
    "https://192.168.0.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[fe80::1]/",
    "https://[fd00::1]/",
    "https://[fec0::1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:4136:e378::1]/",
    "https://[100::1]/",
    "https://0.0.0.0/",
    "https://printer./",
    "https://mac.localdomain/",
    "https://nas.private/",
    "https://hidden.onion/",
    "https://name.alt/",
    "https://[::ffff:0:127.0.0.1]/",
    "https://[5f00::1]/",
    "https://[3fff::1]/",
    "https://[2001:db8::1]/",
    "https://[2001:20::1]/",
    "https://[ff02::1]/",
    "ftp://cdn.example.com/",
  ])("is never %s", (url) => expect(isPublic(url)).toBe(false));
});
