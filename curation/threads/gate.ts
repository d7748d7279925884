/** Lets work through as long as its weights together stay within a budget; what is heavier than the budget goes alone. */
export interface Gate {
  /** Waits for room, in the order of asking, and answers with what gives it back. */
  enter(weight: number): Promise<() => void>;
}

export function createGate(budget: number): Gate {
  const waiting: { readonly weight: number; readonly go: () => void }[] = [];
  let used = 0;
  const admit = () => {
    for (let next = waiting[0]; next && (used === 0 || used + next.weight <= budget); next = waiting[0]) {
      waiting.shift();
      used += next.weight;
      next.go();
    }
  };
  return {
    async enter(weight) {
      const asked = Math.max(1, weight);
      await new Promise<void>((go) => {
        waiting.push({ weight: asked, go });
        admit();
      });
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        used -= asked;
        admit();
      };
    },
  };
}
