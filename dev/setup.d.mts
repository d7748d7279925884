/** Compiles the worker and the API into `dist/` unless that was done for the very same sources. */
export function buildPrograms(): Promise<void>;
