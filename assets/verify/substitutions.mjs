/* substitutions.tsv: who came in after the draw, by the rule (docs/draw-format.md, "Substitutions"). */
import { candidates } from './officers.mjs';
import { Bad } from './verdict.mjs';

const FILE = 'substitutions.tsv', ID = '[0-9A-Z_-]{1,20}', NUMBER = '[1-9][0-9]{0,8}';
const TIME = '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z';
const LINE = new RegExp(`^(${NUMBER})\t(${NUMBER})\t(object|officer)\t(${ID})\t(${ID})\t([A-Z]+)\t${TIME}\t(0|[1-9][0-9]{0,17})$`);
const REASONS = {
  object: ['CLOSED', 'MOVED', 'GONE', 'DEMOLISHED'],
  officer: ['AWAY', 'LEFT', 'RECUSED', 'CERTIFICATE', 'RULE'],
};

/* Who holds the drawn places, and whose turn it is next. Officers go by their number. */
class Places {
  constructor({ input, picked, districts, teams, rung }) {
    const numbers = new Map(input.officers.map(({ id }, number) => [id, number]));
    Object.assign(this, { input, districts, rung, officers: input.officers, known: new Map(), owed: [], changed: null, passed: null });
    this.reserves = picked.reserves.map(({ id, stratum }) => ({ id, stratum })); // those not used yet
    this.places = picked.drawn.map(({ id, stratum }, i) => {
      const team = (teams[i] ?? []).map((one) => numbers.get(one));
      return { id, stratum, team, tried: new Set(team) };
    });
  }

  /* Those whom the files let meet the object at this rung (1 …; 0: nothing was drawn), in order. */
  choose(id, rung) {
    const key = `${rung}\t${id}`;
    if (!this.known.has(key)) {
      const targets = [{ id, district: this.districts.get(id) }];
      this.known.set(key, rung === 0 ? [] : candidates({ ...this.input, targets }, this.input.rungs[rung - 1])[0]);
    }
    return this.known.get(key);
  }

  /* Those of the rung of the draw, then whom each later rung adds. */
  * turns(id) {
    const seen = new Set();
    for (let { rung } = this; rung > 0 && rung <= this.input.rungs.length; rung++) {
      for (const one of this.choose(id, rung)) {
        if (!seen.has(one)) yield one;
        seen.add(one);
      }
    }
  }

  takeObject(place, out, next) {
    const first = this.reserves.find(({ stratum }) => stratum === place.stratum);
    if (this.owed.length > 0 || out !== place.id || next !== (first?.id ?? '-')) return false;
    if (!first) {
      Object.assign(place, { id: null, team: [] });
      return true;
    }
    this.reserves.splice(this.reserves.indexOf(first), 1);
    place.id = next;
    this.changed = place;
    this.owed = place.team.filter((one) => !this.choose(next, this.rung).includes(one));
    return true;
  }

  takeOfficer(place, out, next, reason, line, entry) {
    const leaving = place.team.find((one) => this.officers[one].id === out), owes = this.owed.length > 0;
    if (leaving === undefined || owes !== (reason === 'RULE')) return false;
    if (owes && (place !== this.changed || this.owed.shift() !== leaving)) return false;
    const passed = [];
    for (const one of this.turns(place.id)) {
      if (!this.mayTake(place, leaving, one)) continue;
      const { id } = this.officers[one];
      if (id === next) {
        if (passed.length > 0) this.passed ??= { files: [FILE], line, said: [passed.join(', '), entry] };
        place.team[place.team.indexOf(leaving)] = one;
        place.team.sort((a, b) => this.officers[b].lead - this.officers[a].lead); // stable: who leads goes on
        place.tried.add(one);
        return true;
      }
      passed.push(id);
    }
    return false;
  }

  mayTake(place, leaving, one) {
    const stays = place.team.find((other) => other !== leaving);
    const count = this.places.filter(({ team }) => team.includes(one)).length;
    return !place.tried.has(one) && (this.officers[stays].lead || this.officers[one].lead) && count < this.officers[one].cap;
  }
}

/* `drawn`: {input, picked, districts, teams, rung} of the draw as it was recomputed. */
export function checkSubstitutions(verdict, bytes, drawn) {
  const bad = (reason, line) => { throw new Bad('substitutions', reason, [FILE], line); };
  const places = new Places(drawn), lines = new TextDecoder('latin1').decode(bytes).split('\n');
  if (lines.pop() !== '') bad('text', lines.length + 1);
  let last = -1n;
  lines.forEach((line, i) => {
    const [, n, order, kind, out, next, reason, entry] = LINE.exec(line) ?? bad('line', i + 1);
    if (!REASONS[kind].includes(reason) || (kind === 'officer' && next === '-')) bad('line', i + 1);
    if (Number(n) !== i + 1) bad('numbers', i + 1);
    if (BigInt(entry) <= last) bad('index-order', i + 1);
    last = BigInt(entry);
    const place = places.places[Number(order) - 1];
    const fits = place && place.team.length > 0 && (kind === 'object' ? places.takeObject(place, out, next)
      : places.takeOfficer(place, out, next, reason, i + 1, entry));
    if (!fits) bad('substitution', i + 1);
  });
  if (places.owed.length > 0) bad('substitution', lines.length);
  if (places.passed) verdict.unknown('substitutions', 'passed-over', places.passed);
  else verdict.passed('substitutions');
}
