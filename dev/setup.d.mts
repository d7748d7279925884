/** Compiles the worker and the API into `dist/` unless that was done for exactly the same sources. */
export function buildPrograms(): Promise<void>;
