/* A verdict: one line for each check, in words of words.json (tools/verify). */

/* What was looked at does not hold. `files` are those of which one is wrong, `line` from 1. */
export class Bad extends Error {
  constructor(check, reason, files = [], line = null) {
    super(`${check}: ${reason}`);
    Object.assign(this, { check, reason, files, line });
  }
}

export class Verdict {
  constructor(kind, words) {
    this.kind = kind;
    this.words = words;
    this.checks = new Map(words.kinds[kind].checks.map((id) => [id, null]));
  }

  passed(check) {
    this.checks.set(check, { ok: true });
  }

  /* Cannot be checked from these files; never counts as passed. `place`: files, line, and what is `said`
   * where the reason's words have "%s". */
  unknown(check, reason, place = {}) {
    this.checks.set(check, { ok: null, reason, ...place });
  }

  /* What it would look at is not among the files and need not be. */
  skip(check) {
    this.checks.delete(check);
  }

  failed({ check, reason, files, line }) {
    this.checks.set(check, { ok: false, reason, files, line });
    for (const [id, state] of this.checks) if (state === null) this.unknown(id, 'earlier');
  }

  sentence(id, language) {
    const { ok, reason, files = [], line = null, said = [] } = this.checks.get(id), words = this.words.checks[id][language];
    if (ok) return words.ok;
    const zh = language === 'zh', colon = zh ? '：' : ': ';
    let place = files.join(zh ? '、' : ', ');
    if (place && line !== null) place += zh ? ` 第 ${line} 行` : `, line ${line}`;
    return (ok === false ? words.bad : words.what) + colon + (place && place + colon)
      + said.reduce((text, one) => text.replace('%s', () => one), this.words.reasons[reason][language]) + (zh ? '。' : '.');
  }

  summary(language) {
    const words = this.words.verdict[language], all = [...this.checks];
    const failed = all.find(([, state]) => state.ok === false);
    const unknown = all.filter(([, state]) => state.ok === null).length;
    if (failed) return words.bad.replace('%s', () => this.sentence(failed[0], language));
    return unknown > 0 ? words.part.replace('%d', unknown) : words.ok;
  }

  document() {
    const checks = [...this.checks].map(([id, { ok, files = [], line = null, entry = null }]) => ({
      id, ok, zh: this.sentence(id, 'zh'), en: this.sentence(id, 'en'),
      ...(files.length > 0 ? { files } : {}), ...(line !== null ? { line } : {}),
      ...(entry !== null ? { entry } : {}),
    }));
    return {
      format: 'huozheng-verdict/1', kind: this.kind, valid: checks.every((one) => one.ok !== false), checks,
      zh: this.summary('zh'), en: this.summary('en'),
    };
  }
}

/* Calls steps(verdict); the first Bad ends it. */
export function run(kind, words, steps) {
  const verdict = new Verdict(kind, words);
  try {
    steps(verdict);
  } catch (problem) {
    if (!(problem instanceof Bad)) throw problem;
    verdict.failed(problem);
  }
  return verdict.document();
}
