/**
 * The whole of `ray lint`, ESLint and Prettier on src included, without a network. Two of its steps ask a server for the
 * author and for the manifest's schema; a server on the loopback answers both with "fine". What the schema would say is
 * in test/manifest.test.ts.
 */
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import process from "node:process";

const server = createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(request.url?.startsWith("/schemas/") ? "{}" : '{"id":"author"}');
});

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  const host = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const lint = spawn(
    process.execPath,
    [
      "node_modules/@raycast/api/bin/run.js",
      "lint",
      "--schema",
      `${host}/schemas/extension.json`,
      ...process.argv.slice(2),
    ],
    // CI adds the checks of the lock file.
    { stdio: "inherit", env: { ...process.env, CI: "true", RAY_APIURL: host } },
  );
  lint.once("error", (error) => {
    console.error(`ray lint could not be started: ${error.message}`);
    process.exit(1);
  });
  lint.once("exit", (code) => {
    server.close();
    process.exitCode = code ?? 1;
  });
});
