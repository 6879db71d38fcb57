/* Verifies off the page's own thread, so that the page stays alive. In: {files: [[name, bytes]],
 * keys, policy}; out: {progress: {check, part}} now and then, then {document}, {neither: true} or
 * {badKey: true}. words.json lies beside this file. */
import { verify } from './verify.mjs';

const words = fetch(new URL('words.json', import.meta.url)).then((answer) => answer.json());

self.addEventListener('message', async ({ data }) => {
  try {
    const progress = (check, part) => self.postMessage({ progress: { check, part } });
    const document = verify(new Map(data.files), await words, { keys: data.keys, policy: data.policy, progress });
    self.postMessage(document ? { document } : { neither: true });
  } catch (problem) {
    if (!(problem instanceof RangeError)) throw problem;
    self.postMessage({ badKey: true });
  }
});
