/* The alarm centre, live. Every page works without this file: then it is loaded again by itself. */
(function () {
  'use strict';
  var box = document.querySelector('[data-alarms]');
  if (!box) return;
  var list = box.querySelector('[data-list]'), detail = box.querySelector('[data-detail]');
  var card = list.closest('section'), queue = box.querySelector('[data-queue]'), stale = box.querySelector('[data-stale]');
  var lost = document.querySelector('[data-lost]'), sound = document.querySelector('[data-sound]');
  var drawn = Date.now(), next = null, newer = null, late = [], timer = 0, due = 0, busy = false, again = false, title = document.title.replace(/^（\d+）/, '');
  function two(n) { return (n < 10 ? '0' : '') + n; }
  function span(s) {
    return s < 60 ? s + ' 秒' : s < 3600 ? Math.floor(s / 60) + ' 分 ' + two(s % 60) + ' 秒'
      : s < 86400 ? Math.floor(s / 3600) + ' 小时 ' + two(Math.floor(s / 60) % 60) + ' 分' : Math.floor(s / 86400) + ' 天';
  }
  // clocks: drawn by the server, ticked here; at zero the server escalates, not the page
  setInterval(function () {
    var gone = Math.floor((Date.now() - drawn) / 1000);
    box.querySelectorAll('[data-since]').forEach(function (c) { c.textContent = span(+c.dataset.since + gone); });
    box.querySelectorAll('[data-countdown]').forEach(function (c) {
      var s = Math.max(0, c.dataset.countdown - gone);
      c.textContent = Math.floor(s / 60) + ':' + two(s % 60);
    });
    if (lost && !lost.hidden) say();
  }, 1000);
  function count() {
    var n = +box.dataset.waiting;
    document.title = (n ? '（' + n + '）' : '') + title;
  }
  // a part that somebody uses is never moved: what is new waits behind a button whose place is kept free
  function used(part) { return part && (part.matches(':hover') || part.contains(document.activeElement)); }
  function ids(part) {
    return Array.prototype.map.call(part.querySelectorAll('[data-group=waiting] [data-alarm]'), function (r) { return r.dataset.alarm; });
  }
  function show() {
    if (!next) return;
    var at = document.activeElement && document.activeElement.closest('[data-alarm]');
    list.innerHTML = next.innerHTML;
    drawn = next.drawn;
    var back = at && list.querySelector('[data-alarm="' + at.dataset.alarm + '"] a');
    if (back) back.focus();
    queue.hidden = true;
  }
  function showDetail() {
    if (newer) { detail.innerHTML = newer.innerHTML; stale.hidden = true; }
  }
  function announce() {
    var known = ids(list), more = ids(next).filter(function (id) { return known.indexOf(id) < 0; }).length;
    queue.textContent = more ? '有 ' + more + ' 条新报警，点这里显示' : '列表有变化，点这里显示';
    queue.hidden = false;
  }
  // a new alarm comes with its row and goes into its place at once: a hundred pages need not all ask in one moment
  function put(part, html) {
    var group = part.querySelector('[data-group=waiting]'), holder = document.createElement('ul'), row, before, none, more;
    holder.innerHTML = html;
    row = holder.firstElementChild;
    if (part.querySelector('[data-alarm="' + row.dataset.alarm + '"]')) return;
    row.querySelectorAll('[data-since]').forEach(function (c) { c.dataset.since -= Math.floor((Date.now() - part.drawn) / 1000); });
    before = Array.prototype.filter.call(group.children, function (r) { return +r.dataset.priority > +row.dataset.priority; })[0];
    none = part.querySelector('[data-none]');
    more = group.nextElementSibling.matches('[data-more]');
    if (!group.children.length && none) none.remove();
    if (before || !more) group.insertBefore(row, before || null);
    if (before && more) group.lastElementChild.remove();
    box.dataset.waiting = +box.dataset.waiting + 1;
    part.querySelector('#g-waiting [data-count]').textContent = box.dataset.waiting + ' 条';
  }
  function arrive(html) {
    var held = used(card);
    late.push(html);
    if (!held && !queue.hidden) show();
    if (held && queue.hidden) { next = list.cloneNode(true); next.drawn = drawn; }
    list.drawn = drawn;
    put(held ? next : list, html);
    if (held) announce();
    count();
    ring();
  }
  function take(page) {
    var fresh = page.querySelector('[data-list]');
    if (!fresh) { location.reload(); return; }
    next = fresh;
    next.drawn = Date.now();
    newer = page.querySelector('[data-detail]');
    box.dataset.waiting = page.querySelector('[data-alarms]').dataset.waiting;
    late.forEach(function (html) { put(next, html); }); // the page may have been made before they came
    count();
    if (used(card)) announce(); else show();
    if (newer && detail && newer.querySelector('.tl').innerHTML !== detail.querySelector('.tl').innerHTML) {
      if (used(detail)) stale.hidden = false; else { showDetail(); drawn = next.drawn; }
    }
    ring();
  }
  function renew() {
    if (busy) { again = true; return; }
    busy = true; again = false; late = [];
    fetch(location.pathname, { headers: { accept: 'text/html' } }).then(function (r) { return r.text(); }).then(function (t) {
      take(new DOMParser().parseFromString(t, 'text/html'));
    }).catch(function () {}).then(function () {
      setTimeout(function () { busy = false; if (again) renew(); }, 300);
    });
  }
  // the rest of the page follows, each page at a moment of its own
  function soon(ms) {
    if (timer && due <= Date.now() + ms) return;
    clearTimeout(timer);
    due = Date.now() + ms;
    timer = setTimeout(function () { timer = 0; renew(); }, ms);
  }
  queue.addEventListener('click', show);
  if (stale) stale.addEventListener('click', showDetail);
  card.addEventListener('mouseleave', function () { if (!queue.hidden && !used(card)) show(); });
  // the stream; a lost one is said, with how long
  var since = 0, heard = '';
  function clock() { var d = new Date(); return two(d.getHours()) + ':' + two(d.getMinutes()) + ':' + two(d.getSeconds()); }
  function say() {
    lost.textContent = '与服务器断开 ' + span(Math.round((Date.now() - since) / 1000)) + '，正在重连' + (heard ? '；最近一次消息 ' + heard : '');
  }
  if (window.EventSource) {
    var from = new EventSource(box.dataset.alarms);
    from.addEventListener('open', function () { lost.hidden = true; since = 0; heard = clock(); renew(); });
    from.addEventListener('alarm', function (e) {
      var news = JSON.parse(e.data);
      heard = clock();
      if (news.row) arrive(news.row);
      soon(Math.random() * (news.row ? 2000 : 200));
    });
    from.addEventListener('error', function () {
      if (!since) { since = Date.now(); lost.hidden = false; say(); }
    });
  }
  // one tone each ten seconds while something waits; the switch says what it is, also when the browser
  // does not let it sound before somebody has pressed a key
  var audio = null, rung = 0;
  function wants() { try { return localStorage.getItem('hz_alarm_sound') !== 'off'; } catch (e) { return true; } }
  function label() {
    var on = wants(), mute = on && (!audio || audio.state !== 'running');
    sound.setAttribute('aria-pressed', on ? 'true' : 'false');
    sound.querySelector('span').textContent = !on ? '声音 关' : mute ? '声音 点一下页面才会响' : '声音 开';
  }
  function wake() {
    if (!sound || sound.hidden || !wants()) return;
    if (!audio) { audio = new AudioContext(); audio.addEventListener('statechange', label); }
    if (audio.state !== 'running') audio.resume();
    label();
  }
  function ring() {
    if (!audio || audio.state !== 'running' || !wants() || !+box.dataset.waiting || Date.now() - rung < 10000) return;
    rung = Date.now();
    var tone = audio.createOscillator(), loud = audio.createGain();
    tone.frequency.value = 880;
    loud.gain.value = 0.2;
    tone.connect(loud); loud.connect(audio.destination);
    tone.start(); tone.stop(audio.currentTime + 0.4);
  }
  if (sound && window.AudioContext) {
    sound.hidden = false;
    sound.addEventListener('click', function () {
      try { localStorage.setItem('hz_alarm_sound', wants() ? 'off' : 'on'); } catch (e) { /* then it stays as it is */ }
      rung = 0;
      wake(); label(); ring();
    });
    document.addEventListener('pointerdown', function (e) { if (!sound.contains(e.target)) wake(); });
    document.addEventListener('keydown', wake);
    label();
    setInterval(ring, 1000);
  }
  count();
  // single keys, where a reader has not switched them off: 119 is only reached, Enter sends it
  if (document.getElementById('keys')) document.addEventListener('keydown', function (e) {
    if (e.ctrlKey || e.metaKey || e.altKey || document.getElementById('keys').open || /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName)) return;
    var hot = detail && detail.querySelector('[data-hot="' + (/^[fcvn]$/.test(e.key) ? e.key : '-') + '"]');
    if (!hot) return;
    e.preventDefault();
    if ('hotFocus' in hot.dataset) hot.focus(); else hot.click();
  });
})();
