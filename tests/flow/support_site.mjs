/*
 * What the site consists of, found out twice: from the route tables in the source, and by following
 * every link as every role. Tests compare the two, so that no page is forgotten.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Client, ROOT } from './support.mjs';

/* [{method, path, permission, csrf, file}] of every route table in src/. */
export function routes() {
    const found = [];
    const walk = (folder) => {
        for (const entry of readdirSync(folder, { withFileTypes: true })) {
            const full = path.join(folder, entry.name);
            if (entry.isDirectory()) walk(full);
            else if (entry.name.endsWith('.c') && !/(^|_)test/.test(entry.name)) {
                const text = readFileSync(full, 'utf8');
                const line = /\{\s*ROUTE_(GET|POST)\s*,\s*"([^"]+)"\s*,\s*(\w+)\s*,\s*(PERM_\w+)\s*,\s*(CSRF_\w+)/g;
                for (const [, method, route, , permission, csrf] of text.matchAll(line)) {
                    found.push({ method, path: route, permission, csrf, file: path.relative(ROOT, full) });
                }
            }
        }
    };
    walk(path.join(ROOT, 'src'));
    return found;
}

/* The route that answers `pathname`; exact segments win over arguments, as in the server. */
export function routeOf(table, method, pathname) {
    const segments = pathname.split('/');
    const matching = table.filter((route) => {
        const parts = route.path.split('/');
        return route.method === method && parts.length === segments.length
            && parts.every((part, i) => part.startsWith('{') || part === segments[i]);
    });
    const score = (route) => route.path.split('/').filter((part) => !part.startsWith('{')).length;
    return matching.sort((a, b) => score(b) - score(a))[0];
}

const unescape = (text) => text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&#x2F;', '/');

/* Two addresses with the same key are the same page with other data. */
export function pageKey(target) {
    const url = new URL(target, 'http://x');
    const names = [...new Set([...url.searchParams.keys()])].sort();
    const rule = /^\/rules\/(?!matrix)[^/]+\//.exec(url.pathname); /* one page for each kind of rule */
    const shape = rule ? `${rule[0]}{id}` : url.pathname.split('/').map((part) => (/\d/.test(part) ? '{n}' : part)).join('/');
    return shape + (names.length > 0 ? `?${names.join('&')}` : '');
}

/* Links and GET forms of a page. */
export function linksOf(html) {
    return [...html.matchAll(/<a\b[^>]*?\shref="([^"]*)"/g)].map((match) => unescape(match[1]))
        .filter((href) => href.startsWith('/') || href.startsWith('?'));
}

/* GET forms as [{action, fields: {name: [values]}}]: every value of every select, texts empty. */
export function getFormsOf(html) {
    const forms = [];
    for (const [, head, body] of html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)) {
        if (/method="?post/i.test(head) || /method="?dialog/i.test(head)) continue;
        const action = unescape(/\saction="([^"]*)"/.exec(head)?.[1] ?? '');
        const fields = {};
        for (const [, name, options] of body.matchAll(/<select\b[^>]*?\sname="([^"]+)"[^>]*>([\s\S]*?)<\/select>/g)) {
            fields[name] = [...options.matchAll(/<option\b([^>]*)>([^<]*)/g)]
                .map(([, attributes, text]) => unescape(/\svalue="([^"]*)"/.exec(attributes)?.[1] ?? text.trim()));
        }
        for (const [input] of body.matchAll(/<input\b[^>]*>/g)) {
            const name = /\sname="([^"]+)"/.exec(input)?.[1];
            if (!name) continue;
            const type = /\stype="([^"]+)"/.exec(input)?.[1] ?? 'text';
            const value = unescape(/\svalue="([^"]*)"/.exec(input)?.[1] ?? '');
            if (['checkbox', 'radio'].includes(type)) (fields[name] ??= ['']).push(value || 'on');
            else fields[name] = [value];
        }
        forms.push({ action, fields });
    }
    return forms;
}

/*
 * Follows every link from `starts`, one address for each pageKey. Returns [{target, key, status,
 * type, html, from}].
 */
export async function crawl(client, starts, { max = 400 } = {}) {
    const seen = new Map();
    const queue = starts.map((target) => ({ target, from: '(start)' }));
    while (queue.length > 0 && seen.size < max) {
        const { target, from } = queue.shift();
        const url = new URL(target, client.url);
        const address = url.pathname + url.search;
        const key = pageKey(address);
        if (seen.has(key)) continue;
        const page = { target: address, key, from, status: 0, type: '', html: '' };
        seen.set(key, page);
        const response = await client.get(address);
        page.status = response.status;
        page.type = (response.headers.get('content-type') ?? '').split(';')[0];
        page.location = response.headers.get('location');
        if (page.type === 'text/event-stream') {
            await response.body.cancel();
            continue;
        }
        const body = await response.text();
        page.bytes = body.length;
        if (page.type !== 'text/html') continue;
        page.html = body;
        for (const href of linksOf(body)) {
            const next = new URL(href, url);
            queue.push({ target: next.pathname + next.search, from: address });
        }
    }
    return [...seen.values()];
}

/* Everything each role can reach: Map role → pages; role "" is somebody who has not signed in.
 * `starts`: role → more addresses to begin at, for pages that are linked only at some moments.
 * `anybody`: a client who has not signed in but has begun something. */
export async function crawlAll(city, starts = {}, anybody = new Client(city.url)) {
    const reached = new Map();
    reached.set('', await crawl(anybody, ['/', '/search?q=演示', ...(starts[''] ?? [])]));
    for (const [role, login] of Object.entries(city.logins)) {
        const client = await new Client(city.url).signIn(login);
        reached.set(role, await crawl(client, ['/', '/work', ...(starts[role] ?? [])]));
    }
    return reached;
}
