/** The state at any entry of a course, from what each entry changed (verifier/replay/state.py says what that looks like). */

const EVERY = 200; // entries between states that are kept, so that a step back does not begin at the beginning

/** Changes laid over a state: facts over those that stand there, null takes the key away. */
export function lay(state, changes) {
  const next = { ...state };
  for (const [section, rows] of Object.entries(changes)) {
    const held = { ...next[section] };
    for (const [key, facts] of Object.entries(rows)) {
      if (facts === null) delete held[key];
      else held[key] = { ...held[key], ...facts };
    }
    next[section] = held;
  }
  return next;
}

export class Course {
  constructor() {
    this.events = [];
    this.kept = new Map();
    this.near = { index: -1, state: {} };
  }

  add(events) {
    this.events.push(...events);
  }

  /** The state after entry `index`. */
  at(index) {
    let from = this.near;
    if (from.index > index) {
      const place = Math.floor(index / EVERY) * EVERY;
      from = this.kept.has(place) ? { index: place, state: this.kept.get(place) } : { index: -1, state: {} };
    }
    let { state } = from;
    for (let n = from.index + 1; n <= index; n += 1) {
      state = lay(state, this.events[n].changes);
      if (n % EVERY === 0) this.kept.set(n, state);
    }
    this.near = { index, state };
    return state;
  }

  /** The nearest step before (-1) or after (1) `index`, or `index` when there is none. */
  step(index, by) {
    for (let n = index + by; n >= 0 && n < this.events.length; n += by) if (this.events[n].step) return n;
    return index;
  }
}
