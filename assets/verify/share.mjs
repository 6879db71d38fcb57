/* The page /verify/share: a party of a draw makes its share r and what it commits to, c. Nothing is
 * sent anywhere. */
import { partyCommit } from './beacon.mjs';
import { element } from './dom.mjs';
import { hex, utf8 } from './hash.mjs';

const form = document.querySelector('[data-share]'), out = document.querySelector('[data-share-out]');
const NAME_MAX = 60; // bytes, as the server takes them

/* [field, sentence] of what a person must change; null: nothing. */
function problemOf(number, name) {
  if (!/^[0-9A-Z_-]{1,20}$/.test(number)) return ['number', '写抽查编号，例如 D7，由办理人告诉您'];
  if (name === '' || name === 'platform' || utf8(name).length > NAME_MAX || /[\p{Cc}:]/u.test(name)) {
    return ['party', '写单位名称，最多 20 个字，不能有冒号'];
  }
  return null;
}

function tell(className, title, ...parts) {
  const note = element('div', `note ${className}`, element('h2', '', title), ...parts);
  note.setAttribute('role', 'status');
  note.tabIndex = -1;
  out.replaceChildren(note);
  return note;
}

function refuse([field, sentence]) {
  tell('bad', '还不能做', element('p', '', sentence));
  form.elements[field].setAttribute('aria-invalid', 'true');
  form.elements[field].focus();
}

function row(list, name, value, mark) {
  const shown = element('span', 'hash', value);
  shown.dataset.value = mark;
  list.append(element('dt', '', name), element('dd', '', shown));
}

function show(number, name, share, commit) {
  const list = element('dl', 'kv line mt'), text = `抽查 ${number}\n参与方 ${name}\n份额 ${share}\n承诺值 ${commit}\n`;
  row(list, '份额，自己保管', share, 'share');
  row(list, '承诺值，交给办理人', commit, 'commit');
  row(list, '整行交给办理人', `${name} ${commit}`, 'line');
  const keep = element('a', 'btn s', '存成文件');
  keep.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  keep.download = `share-${number}.txt`;
  const note = tell('ok', '做好了', element('p', '', `现在就把份额存好。关掉本页以后找不回来，丢了就不能交，${name}就不计入这次抽查。`),
    list, element('p', 'mt', keep));
  note.focus();
}

form.hidden = false;
document.querySelector('[data-without]').hidden = true;
form.addEventListener('submit', (event) => {
  event.preventDefault();
  const number = form.elements.number.value.trim(), name = form.elements.party.value.trim();
  const problem = problemOf(number, name), share = crypto.getRandomValues(new Uint8Array(32));
  for (const field of ['number', 'party']) form.elements[field].removeAttribute('aria-invalid');
  if (problem) refuse(problem);
  else show(number, name, hex(share), hex(partyCommit(form.elements.hash.value, number, name, share)));
});
