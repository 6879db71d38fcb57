/* The page /verify/offline: files chosen or dropped go to the worker, its verdict is shown. Nothing
 * is sent anywhere. */
import { element } from './dom.mjs';

const form = document.querySelector('[data-offline]'), out = document.querySelector('[data-verdict]');
const state = document.querySelector('[data-state]'), bar = document.querySelector('[data-bar]');
const drop = document.querySelector('[data-drop]'), icons = form.dataset.icons;
const FILES_MAX = 400 * 1024 * 1024;
const MARKS = {
  true: ['k', 'circle-check', '通过'], false: ['b', 'circle-x', '不通过'], null: ['w', 'circle-dashed', '未核对'],
};
const STEPS = { entries: '正在逐条核对', pool: '正在核对抽取池', inspectors: '正在核对执法人员名单', denied: '正在核对回避名单', tickets: '正在重新算签', officers: '正在重新派人' };
let worker = null, isBusy = false;

function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  svg.setAttribute('class', 'ic');
  svg.setAttribute('aria-hidden', 'true');
  use.setAttribute('href', `${icons}#${name}`);
  svg.append(use);
  return svg;
}

function tell(text, part = null) {
  state.textContent = text;
  bar.hidden = part === null;
  if (part !== null) bar.value = part;
}

function show(verdict) {
  const title = verdict.valid ? '没有发现不对的地方' : '对不上';
  const partly = verdict.valid && verdict.checks.some((check) => check.ok === null);
  const note = element('div', `note ${verdict.valid ? (partly ? 'warn' : 'ok') : 'bad'}`,
    element('h2', '', title), element('p', '', verdict.zh));
  note.setAttribute('role', 'status');
  note.tabIndex = -1;
  const list = element('ol', 'trace mt', ...verdict.checks.map((check) => {
    const [tag, symbol, word] = MARKS[check.ok], item = element('li', '', element('span', `tag ${tag}`, icon(symbol), word), ` ${check.zh}`);
    item.dataset.check = check.id;
    item.dataset.ok = check.ok;
    return item;
  }));
  const heading = element('h2', 'mt2', '逐项核对');
  out.replaceChildren(note, heading, list);
  out.dataset.valid = verdict.valid;
  tell('核对完毕。');
  note.focus();
}

function refuse(sentence) {
  const note = element('div', 'note warn', element('p', '', sentence));
  note.setAttribute('role', 'status');
  out.replaceChildren(note);
  tell('');
}

/* The worker and all it needs is loaded at once, so that the network may go away. */
function prepare() {
  worker = new Worker(new URL('worker.mjs', import.meta.url), { type: 'module' });
  worker.addEventListener('error', () => refuse('这个浏览器算不了，请换一个新一些的浏览器，或者用命令行核验。'));
  worker.addEventListener('message', ({ data }) => {
    isBusy = Boolean(data.progress);
    if (data.progress) tell(STEPS[data.progress.check] ?? '正在核对', data.progress.part);
    else if (data.document) show(data.document);
    else refuse(data.badKey ? '公钥的写法不对，请整行复制。' : '这不是证明文件、历史文件，也不是一次抽查的全部文件或者整本账的文件夹。');
  });
  isBusy = false;
}

async function start(files) {
  const chosen = [...files], keys = form.elements.vkeys.value.split(/\s+/).filter(Boolean);
  if (isBusy) {
    worker.terminate();
    prepare();
  }
  delete out.dataset.valid;
  out.replaceChildren();
  if (chosen.length === 0) return refuse('请先选择文件。');
  if (chosen.reduce((sum, { file }) => sum + file.size, 0) > FILES_MAX) return refuse('文件太大，请用命令行核验。');
  tell(`正在读 ${chosen.length} 个文件`, 0);
  const read = await Promise.all(chosen.map(async ({ file, path }) => [path, new Uint8Array(await file.arrayBuffer())]));
  /* In the folder of a log it is the log's own, not the reader's. */
  const isLog = read.some(([path]) => /(^|\/)(checkpoint|tile\/.+)$/.test(path));
  const policy = isLog ? -1 : read.findIndex(([path]) => /(^|\/)policy\.txt$/.test(path));
  const [rules] = policy < 0 ? [null] : read.splice(policy, 1);
  isBusy = true;
  worker.postMessage({ files: read, keys, policy: rules?.[1] ?? null });
  return undefined;
}

const withPath = (file) => ({ file, path: file.webkitRelativePath || file.name });

/* Files of what was dropped, with their paths; of a folder the files in it. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean), files = [];
  if (entries.length === 0) return [...transfer.files].map(withPath);
  const take = (entry) => new Promise((resolve, reject) => {
    if (entry.isFile) { entry.file((file) => { files.push({ file, path: entry.fullPath.slice(1) }); resolve(); }, reject); return; }
    const reader = entry.createReader(), next = () => reader.readEntries(
      (some) => (some.length === 0 ? resolve() : Promise.all(some.map(take)).then(next, reject)), reject);
    next();
  });
  await Promise.all(entries.map(take));
  return files;
}

prepare();
form.hidden = false;
document.querySelector('[data-without]').hidden = true;
form.addEventListener('submit', (event) => {
  event.preventDefault();
  start([...form.elements.files.files, ...(form.elements.folder?.files ?? [])].map(withPath));
});
for (const name of ['files', 'folder']) {
  form.elements[name].addEventListener('change', () => {
    const other = form.elements[name === 'files' ? 'folder' : 'files'];
    if (form.elements[name].files.length > 0) other.value = '';
  });
}
for (const type of ['dragenter', 'dragover']) {
  drop.addEventListener(type, (event) => { event.preventDefault(); drop.classList.add('on'); });
}
for (const type of ['dragleave', 'drop']) drop.addEventListener(type, () => drop.classList.remove('on'));
drop.addEventListener('drop', async (event) => {
  event.preventDefault();
  start(await dropped(event.dataTransfer));
});
