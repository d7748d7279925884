/** What a checkpoint holds of a training. */
export interface LearnedWeights {
  /** Stands for all weights: 16 hex digits that follow from every step and from the optimizer's state at each. */
  weights: string;
  /** Steps since the optimizer last started without its state; in an undisturbed training, all steps. */
  steadySteps: number;
}

/** What `optimizer.pt` holds: the momentum, and the weights that it belongs to. */
export interface Momentum extends LearnedWeights {
  step: number;
  momentum: string;
  /** How far the loss is above the curve of an undisturbed training; shrinks with every step. */
  excessLoss: number;
}

const COLD_EXCESS = 0.2;
const FOREIGN_EXCESS = 0.1;
// Half of the excess is gone after 17 steps.
const FADE = 0.96;

/**
 * The arithmetic of the emulated training. No weights are trained: a pair of numbers moves with each step, by the
 * momentum, which the step's gradient moves. So the end depends on the whole chain: a run that resumes with its
 * optimizer state ends where an uninterrupted one ends; a run that lost it does not.
 */
export class Learner {
  #seed = 0;
  #weights: Pair | undefined;
  #momentum: Pair = [0, 0];
  #steadySteps = 0;
  #excessLoss = 0;

  /** Begins at zero, or with the weights of a checkpoint and an optimizer that knows nothing of them. */
  constructor(from?: LearnedWeights) {
    if (from === undefined) return;
    this.#weights = parsePair(from.weights);
    this.#excessLoss = COLD_EXCESS;
  }

  /** Loads a momentum the way torch does: whatever it belongs to. True when it is that of these weights. */
  load(momentum: Momentum): boolean {
    const belongs = this.#weights !== undefined && momentum.weights === printPair(this.#weights);
    const [m0, m1] = parsePair(momentum.momentum);
    this.#momentum = belongs ? [m0, m1] : [mix(m0, 3), mix(m1, 4)];
    this.#steadySteps = belongs ? momentum.steadySteps : 0;
    this.#excessLoss = belongs ? momentum.excessLoss : FOREIGN_EXCESS;
    return belongs;
  }

  /** Sets what there is to learn, as a number. */
  study(seed: number): void {
    this.#seed = seed;
    this.#weights ??= [mix(seed, 1), mix(seed, 2)];
  }

  /** Executes one step (0-based) and returns its loss. */
  train(step: number): number {
    const loss = curve(this.#seed, step) + this.#excessLoss;
    const gradient = mix(this.#seed, step);
    const [w0, w1] = this.#weights ?? [0, 0];
    const [m0, m1] = this.#momentum;
    this.#momentum = [mix(m0, mix(gradient, w0)), mix(m1, mix(~gradient, w1))];
    this.#weights = [mix(w0, this.#momentum[1]), mix(w1, this.#momentum[0])];
    this.#steadySteps += 1;
    this.#excessLoss *= FADE;
    return loss;
  }

  learned(): LearnedWeights {
    return { weights: printPair(this.#weights ?? [0, 0]), steadySteps: this.#steadySteps };
  }

  momentum(step: number): Momentum {
    return { step, ...this.learned(), momentum: printPair(this.#momentum), excessLoss: this.#excessLoss };
  }
}

type Pair = readonly [number, number];

/** From about 0.5 down to 0.08, with noise that depends on seed and step only. */
function curve(seed: number, step: number): number {
  const noise = Math.sin(step * 12.9898 + (seed % 1000)) * 43_758.5453;
  return 0.08 + 0.42 * Math.exp(-step / 180) + (noise - Math.floor(noise)) * 0.03;
}

/** Two 32-bit numbers into one, every bit of both in every bit of it. */
function mix(a: number, b: number): number {
  let hash = Math.imul(a ^ Math.imul(b ^ (b >>> 15), 0x2c1b3c6d), 0x297a2d39) + 0x6d2b79f5;
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function printPair(pair: Pair): string {
  return pair.map((half) => half.toString(16).padStart(8, '0')).join('');
}

function parsePair(text: string): Pair {
  return [Number.parseInt(text.slice(0, 8), 16) >>> 0, Number.parseInt(text.slice(8, 16), 16) >>> 0];
}
