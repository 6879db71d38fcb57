/* The wall display: fetches its own page again, on each event and every ten seconds, and says since
   when it could not. Without this file the page reloads itself every half minute. */
(function () {
  'use strict';
  var body = document.body, out = document.querySelector('[data-out]'), text = document.querySelector('[data-out-text]');
  var clock = document.querySelector('[data-clock]'), ahead = body.dataset.now - Date.now(), good = Date.now(), busy = 0, why = '', due = 0;
  function two(n) { return (n < 10 ? '0' : '') + n; }
  // the server's clock, always that of Beijing
  function time(ms) { var d = new Date(ms + ahead + 288e5); return two(d.getUTCHours()) + ':' + two(d.getUTCMinutes()) + ':' + two(d.getUTCSeconds()); }
  function tick() {
    clock.textContent = time(Date.now());
    var s = Math.floor((Date.now() - good) / 1000);
    if (out.hidden === !!why) out.hidden = !why;
    if (why) text.textContent = '从 ' + time(good) + ' 起，已 ' + (s < 60 ? s + ' 秒' : Math.floor(s / 60) + ' 分') + '。' + why;
  }
  function fresh(t) {
    var doc = new DOMParser().parseFromString(t, 'text/html'), part = doc.querySelector('[data-part]');
    if (!part) { why = '需要在这台机器上重新登录。'; return; }
    document.querySelector('[data-part]').innerHTML = part.innerHTML;
    ahead = doc.body.dataset.now - Date.now();
    good = Date.now();
    why = '';
  }
  function renew() {
    if (busy) { due = 1; return; }
    busy = 1;
    due = 0;
    var stop = window.AbortController ? new AbortController() : null, late = setTimeout(function () { if (stop) stop.abort(); }, 8000);
    fetch(location.href, { headers: { accept: 'text/html' }, cache: 'no-store', signal: stop ? stop.signal : undefined }).then(function (r) {
      if (!r.ok) throw new Error();
      return r.text();
    }).then(fresh).catch(function () { why = '正在重连。'; }).then(function () {
      clearTimeout(late);
      tick();
      setTimeout(function () { busy = 0; if (due) renew(); }, 2000);
    });
  }
  function listen() {
    if (!window.EventSource) return;
    var from = new EventSource(body.dataset.events);
    from.addEventListener('open', renew);
    from.addEventListener('alarm', renew);
    from.addEventListener('change', renew);
    from.onerror = function () {
      renew(); // finds out whether the server is gone, and says so
      if (from.readyState === 2) { from.close(); setTimeout(listen, 5000); }
    };
  }
  setInterval(tick, 1000);
  setInterval(renew, 10000);
  listen();
  tick();
})();
