// Runs the module named on the command line: `node run.mjs parity.wasm`. Its exit status is ours.
import { readFile } from "node:fs/promises";

const decoder = new TextDecoder();
let text = "";
const host = {
  write(start, length) {
    text += decoder.decode(new Uint8Array(instance.exports.memory.buffer, start, length));
  },
};
const { instance } = await WebAssembly.instantiate(await readFile(process.argv[2]), { host });
try {
  process.exitCode = instance.exports.run();
} catch (error) {
  text += `${error}\n`;
  process.exitCode = 1;
}
process.stdout.write(text);
