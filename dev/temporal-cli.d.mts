/**
 * Answers the path of a Temporal CLI that runs, finding or making it. Throws an Error with the three ways to get one.
 */
export function resolveTemporalCli(dependencies?: Promise<void>): Promise<string>;
