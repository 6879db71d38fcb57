/* The browser's verifier in node. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { verify } from '../../assets/verify/verify.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const WORDS = JSON.parse(readFileSync(path.join(ROOT, 'tools/verify/words.json'), 'utf8'));

/* Paths of all files below a folder, relative to it. */
const filesBelow = (folder, below = '') => readdirSync(path.join(folder, below), { withFileTypes: true }).flatMap((one) => (
    one.isDirectory() ? filesBelow(folder, `${below}${one.name}/`) : [`${below}${one.name}`]));

/* The verdict of the browser's modules on a file or the files of a folder. */
export function verifyPath(target, { keys = [], policy = null } = {}) {
    const names = statSync(target).isDirectory() ? filesBelow(target) : [''];
    const files = new Map(names.map((name) => [name || path.basename(target), new Uint8Array(readFileSync(path.join(target, name)))]));
    return verify(files, WORDS, { keys, policy: policy && new Uint8Array(readFileSync(policy)) });
}
