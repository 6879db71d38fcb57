/* Two officers for each object: step 6 of FSS-DRAW/1 (docs/draw-format.md), to the letter.
 *
 * A maximum flow. The order of search is part of the specification, because it decides which of the
 * maximum flows comes out. One thing is added for speed, and changes nothing: what a failed search
 * has visited is cut off from every free officer for good, so later searches leave it out. */
import { digest, hex, joined, utf8 } from './hash.mjs';

export function lp(written) {
  const bytes = utf8(written);
  return joined(Uint8Array.of(bytes.length), bytes);
}

/* For each target: numbers of officers by (h, id), h = H(KI lp(t) lp(i)). */
export function candidates(input, rung) {
  return input.targets.map((target) => {
    const start = joined(input.key, lp(target.id)), ranked = [];
    input.officers.forEach((officer, number) => {
      const near = rung === 'any' || officer.district === target.district
        || (rung === 'adjacent' && input.neighbours.has(`${target.district}\t${officer.district}`));
      if (near && officer.validTo >= input.dateTo && !input.denied.has(`${target.id}\t${officer.id}`)) {
        ranked.push({ h: hex(digest(input.kind, joined(start, lp(officer.id)))), number });
      }
    });
    // officers are sorted by id, so the number settles equal hashes as the id would
    ranked.sort((a, b) => (a.h < b.h ? -1 : a.h > b.h ? 1 : a.number - b.number));
    return ranked.map((one) => one.number);
  });
}

/* flow(L): who holds whom. A state is 2 * target + F. */
class Flow {
  constructor(officers, choices, level) {
    Object.assign(this, { officers, choices, size: 0, deadOfficers: new Set(), deadStates: new Set() });
    this.room = officers.map((one) => Math.min(one.cap, Math.max(0, level - one.load)));
    this.held = choices.map(() => []); // by target
    this.holders = officers.map(() => []); // by officer
    for (let round = 0; round < 2; round++) choices.forEach((_, target) => { this.size += this.augment(target) ? 1 : 0; });
  }

  /* F: the target holds no officer who may not lead. */
  mayTakeOther(target) {
    return this.held[target].every((one) => this.officers[one].lead);
  }

  augment(root) {
    const start = 2 * root + (this.mayTakeOther(root) ? 1 : 0);
    if (this.deadStates.has(start)) return false;
    const queue = [start], given = new Map([[start, null]]), parent = new Map();
    const known = (state) => given.has(state) || this.deadStates.has(state);
    for (let at = 0; at < queue.length; at++) { // first in, first out
      const state = queue[at], target = state >> 1;
      for (const one of this.choices[target]) {
        const { lead } = this.officers[one];
        if (this.held[target].includes(one) || (!(state & 1) && !lead) || parent.has(one) || this.deadOfficers.has(one)) continue;
        parent.set(one, state);
        if (this.holders[one].length < this.room[one]) {
          this.unwind(one, parent, given);
          return true;
        }
        for (const holder of this.holders[one].sort((a, b) => a - b)) {
          const other = 2 * holder + (!lead || this.mayTakeOther(holder) ? 1 : 0);
          if (known(other) || (!(other & 1) && known(other + 1))) continue;
          given.set(other, one);
          queue.push(other);
        }
      }
    }
    for (const one of parent.keys()) this.deadOfficers.add(one);
    for (const state of given.keys()) this.deadStates.add(state);
    return false;
  }

  unwind(one, parent, given) {
    for (;;) {
      const state = parent.get(one), target = state >> 1, lost = given.get(state);
      this.held[target].push(one);
      this.holders[one].push(target);
      if (lost === null) return;
      this.held[target].splice(this.held[target].indexOf(lost), 1);
      this.holders[lost].splice(this.holders[lost].indexOf(target), 1);
      one = lost;
    }
  }

  /* The lead is the one who may lead and comes first among the candidates; null: not two officers. */
  team(target) {
    const held = this.held[target];
    if (held.length < 2) return null;
    const lead = this.choices[target].find((one) => held.includes(one) && this.officers[one].lead);
    return [lead, held[0] === lead ? held[1] : held[0]].map((one) => this.officers[one].id);
  }
}

/* {teams: [lead, second] or null for each target, level: L*, rung}. `input`: kind, key, targets
 * ({id, district}), officers, denied, rungs, neighbours, dateTo. */
export function assign(input) {
  let level = 0, rung = 0, teams = input.targets.map(() => null);
  const wanted = 2 * input.targets.length;
  for (const word of input.rungs) {
    rung++;
    const choices = candidates(input, word);
    let low = 0, high = Math.max(0, ...input.officers.map((one) => one.load + Math.min(one.cap, wanted)));
    const most = new Flow(input.officers, choices, high).size;
    while (low < high) { // the flow only grows with L
      const middle = Math.floor((low + high) / 2);
      if (new Flow(input.officers, choices, middle).size === most) high = middle; else low = middle + 1;
    }
    level = high;
    const flow = new Flow(input.officers, choices, high);
    if (flow.size === wanted || rung === input.rungs.length) {
      teams = input.targets.map((_, target) => flow.team(target));
      break;
    }
  }
  return { teams, level, rung };
}
