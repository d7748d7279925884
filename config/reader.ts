/** Reads variables one by one and notes every fault. No fault repeats a value that may hold a secret. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, resolve } from 'node:path';
import { parseUsd } from '../core/money.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type Reader = ReturnType<typeof createReader>;

/** A blank value counts as none. */
export function createReader(env: Environment, faults: string[]) {
  const optional = (name: string): string | undefined => (env[name]?.trim() ? env[name] : undefined);

  const required = (name: string): string => {
    const value = optional(name);
    if (value === undefined) faults.push(`${name} is not set`);
    return value ?? '';
  };

  /** An http(s) address without a slash at its end. */
  const httpUrl = (name: string, fallback: string): string => {
    const text = optional(name) ?? fallback;
    const url = /^https?:\/\/[^/?#]/.test(text) && URL.canParse(text) ? new URL(text) : null;
    if (url === null) faults.push(`${name} must be an http(s) address, such as https://tempera.example.org`);
    else if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
      // Kept out of the address, a credential cannot get into a message.
      faults.push(`${name} must not contain a user name, password, query or fragment`);
    return text.replace(/\/+$/, '');
  };

  return {
    optional,
    required,
    httpUrl,
    httpUrlIfSet: (name: string): string | undefined => (optional(name) === undefined ? undefined : httpUrl(name, '')),

    integer(name: string, fallback: number, min: number, max: number): number {
      const text = optional(name);
      if (text === undefined) return fallback;
      const value = Number(text);
      if (!Number.isInteger(value) || value < min || value > max)
        faults.push(`${name} must be a whole number from ${min} to ${max}`);
      return value;
    },

    /** Micro-dollars; null: not set. */
    usdLimit(name: string): number | null {
      const text = optional(name);
      if (text === undefined) return null;
      const microUsd = parseUsd(Number(text));
      if (microUsd === null) faults.push(`${name} must be an amount of dollars from 0.0001 to 1000000`);
      return microUsd;
    },

    /** A credential that goes into a header. */
    token(name: string): string | undefined {
      const value = optional(name);
      if (value !== undefined && !/^[!-~]+$/.test(value))
        faults.push(
          `${name} must be one word of plain characters; it contains a space, a line break or another character`,
        );
      return value;
    },

    bucket(name: string, isRequired = false): string | undefined {
      const value = isRequired ? required(name) : optional(name);
      if (value && !/^[A-Za-z0-9._-]{3,63}$/.test(value))
        faults.push(`${name} must be the name of a bucket, 3 to 63 characters of letters, digits, ".", "_" and "-"`);
      return value;
    },

    oneOf<Value extends string>(name: string, allowed: readonly Value[], fallback: Value): Value {
      const text = optional(name) ?? fallback;
      const found = allowed.find((value) => value === text);
      if (found === undefined) faults.push(`${name} must be one of ${allowed.join(', ')}`);
      return found ?? fallback;
    },

    matching(name: string, fallback: string, pattern: RegExp, what: string): string {
      const value = optional(name) ?? fallback;
      if (!pattern.test(value)) faults.push(`${name} must be ${what}`);
      return value;
    },

    /** An IP address or a host name, nothing else. */
    host(name: string, fallback: string): string {
      const value = optional(name) ?? fallback;
      if (isIP(value) === 0 && !/^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/.test(value))
        faults.push(`${name} must be an IP address or a host name, without protocol and port`);
      return value;
    },

    /** Node and Temporal's SDK listen there; the SDK takes no host names. */
    listenAddress(name: string): string | undefined {
      const value = optional(name);
      if (value === undefined) return undefined;
      const [, host = '', port = ''] = /^\[?(.+?)\]?:(\d{1,5})$/.exec(value) ?? [];
      if (isIP(host) === 0 || Number(port) < 1 || Number(port) > 65_535)
        faults.push(`${name} must be an IP address and a port, such as 127.0.0.1:9464`);
      return value;
    },

    /** A PostgreSQL address with the name of a database. */
    databaseUrl(name: string): string {
      const text = required(name);
      if (text === '') return text;
      const url = URL.canParse(text) ? new URL(text) : null;
      if (url === null || !/^postgres(?:ql)?:$/.test(url.protocol) || url.pathname.length < 2)
        faults.push(
          `${name} must be the address of a PostgreSQL database: postgresql://user:password@host:5432/name, with %XX for special characters of the password`,
        );
      return text;
    },

    /** A folder that exists, or that can be made. */
    folder(name: string, fallback: string): string {
      const path = resolve(optional(name) ?? fallback);
      for (let place = path; ; place = dirname(place)) {
        const stats = existsSync(place) ? statSync(place) : undefined;
        if (stats === undefined && place !== dirname(place)) continue;
        const why = stats?.isDirectory() ? whyNotWritable(place) : `${place} is not a folder`;
        if (why !== null) faults.push(`${name} is ${path}, which cannot be used: ${why}`);
        return path;
      }
    },
  };
}

function whyNotWritable(folder: string): string | null {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    return `${folder} cannot be written to (${(error as NodeJS.ErrnoException).code})`;
  }
}
