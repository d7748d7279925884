/** The one reader of temporal-dev.yaml. All faults of the file are reported at once, each with its path. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';

/**
 * Room for custom search attributes in one namespace on SQL visibility (Temporal server 1.31.2,
 * schema/sqlite/v3/visibility).
 */
const SEARCH_ATTRIBUTE_ROOM = {
  Keyword: 10,
  Int: 3,
  Bool: 3,
  Double: 3,
  Datetime: 3,
  Text: 3,
  KeywordList: 3,
} as const;
const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'never'] as const;

export type SearchAttributeType = keyof typeof SEARCH_ATTRIBUTE_ROOM;
type DynamicValue = string | number | boolean;

/** What temporal-dev.yaml says. */
export interface TemporalDevConfig {
  readonly server: {
    readonly ip: string;
    readonly port: number;
    readonly uiPort: number;
    /** Relative to the folder in which the stack is started. */
    readonly databaseFile: string;
    readonly logLevel: (typeof LOG_LEVELS)[number];
  };
  readonly namespace: { readonly name: string; readonly retentionHours: number };
  readonly searchAttributes: Readonly<Record<string, SearchAttributeType>>;
  readonly dynamicConfig: Readonly<Record<string, DynamicValue>>;
  readonly taskQueues: { readonly workflow: string; readonly io: string; readonly cpu: string };
}

/** Thrown with all faults of the file in one message. */
export class TemporalDevConfigError extends Error {
  override readonly name = 'TemporalDevConfigError';
}

const TEMPORAL_DEV_FILE = join(import.meta.dirname, '..', 'temporal-dev.yaml');

/** Reads and checks the file. Throws TemporalDevConfigError. */
export function readTemporalDevConfig(file: string = TEMPORAL_DEV_FILE): TemporalDevConfig {
  return parseTemporalDevConfig(readFileSync(file, 'utf8'), file);
}

/** Checks the text of such a file; `file` is only used in the message. Throws TemporalDevConfigError. */
export function parseTemporalDevConfig(text: string, file = 'temporal-dev.yaml'): TemporalDevConfig {
  const document = parseDocument(text);
  const faults = document.errors.map((error) => error.message);
  const check = createChecker(faults);
  if (faults.length === 0) {
    const root = check.section(document.toJS(), '', [
      'server',
      'namespace',
      'searchAttributes',
      'dynamicConfig',
      'taskQueues',
    ]);
    const server = check.section(root['server'], 'server', ['ip', 'port', 'uiPort', 'databaseFile', 'logLevel']);
    const namespace = check.section(root['namespace'], 'namespace', ['name', 'retentionHours']);
    const taskQueues = check.section(root['taskQueues'], 'taskQueues', ['workflow', 'io', 'cpu']);
    const config: TemporalDevConfig = {
      server: {
        ip: check.text(server['ip'], 'server.ip'),
        port: check.integer(server['port'], 'server.port', 1, 65_535),
        uiPort: check.integer(server['uiPort'], 'server.uiPort', 1, 65_535),
        databaseFile: check.text(server['databaseFile'], 'server.databaseFile'),
        logLevel: check.oneOf(server['logLevel'], 'server.logLevel', LOG_LEVELS),
      },
      namespace: {
        name: check.text(namespace['name'], 'namespace.name'),
        retentionHours: check.integer(namespace['retentionHours'], 'namespace.retentionHours', 1, 24 * 365 * 10),
      },
      searchAttributes: check.searchAttributes(root['searchAttributes']),
      dynamicConfig: check.dynamicConfig(root['dynamicConfig']),
      taskQueues: {
        workflow: check.text(taskQueues['workflow'], 'taskQueues.workflow'),
        io: check.text(taskQueues['io'], 'taskQueues.io'),
        cpu: check.text(taskQueues['cpu'], 'taskQueues.cpu'),
      },
    };
    if (config.server.port === config.server.uiPort && config.server.port !== 0)
      faults.push('server.uiPort is the same as server.port');
    if (faults.length === 0) return config;
  }
  throw new TemporalDevConfigError(`${file} is not usable:\n- ${faults.join('\n- ')}`);
}

/** Checks that record a fault and continue with a harmless value, so that one pass finds everything. */
function createChecker(faults: string[]) {
  const map = (value: unknown, path: string): Record<string, unknown> => {
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
    faults.push(value === undefined ? `${path} is missing` : `${path || 'the file'} must be a map`);
    return {};
  };
  const oneOf = <T extends string>(value: unknown, path: string, allowed: readonly T[]): T => {
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined)
      faults.push(`${path} must be one of ${allowed.join(', ')}; it is ${JSON.stringify(value) ?? 'missing'}`);
    return found ?? (allowed[0] as T);
  };
  return {
    oneOf,
    /** A map with known keys only. The fields of a missing section are reported too: they are what has to be added. */
    section(value: unknown, path: string, keys: readonly string[]): Record<string, unknown> {
      const section = map(value, path);
      for (const key of Object.keys(section)) {
        if (!keys.includes(key))
          faults.push(`${path ? `${path}.` : ''}${key} is unknown; allowed here: ${keys.join(', ')}`);
      }
      return section;
    },
    text(value: unknown, path: string): string {
      if (typeof value === 'string' && value.trim() !== '') return value;
      faults.push(value === undefined ? `${path} is missing` : `${path} must be a non-empty string`);
      return '';
    },
    integer(value: unknown, path: string, min: number, max: number): number {
      if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
      faults.push(value === undefined ? `${path} is missing` : `${path} must be a whole number from ${min} to ${max}`);
      return 0;
    },
    searchAttributes(value: unknown): Record<string, SearchAttributeType> {
      const types = Object.keys(SEARCH_ATTRIBUTE_ROOM) as SearchAttributeType[];
      const attributes: Record<string, SearchAttributeType> = {};
      for (const [name, type] of Object.entries(map(value, 'searchAttributes'))) {
        if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name))
          faults.push(`searchAttributes.${name}: a name may contain only letters and digits`);
        attributes[name] = oneOf(type, `searchAttributes.${name}`, types);
      }
      for (const type of types) {
        const count = Object.values(attributes).filter((used) => used === type).length;
        if (count > SEARCH_ATTRIBUTE_ROOM[type]) {
          faults.push(
            `searchAttributes has ${count} of type ${type}; a namespace has room for ${SEARCH_ATTRIBUTE_ROOM[type]}`,
          );
        }
      }
      return attributes;
    },
    dynamicConfig(value: unknown): Record<string, DynamicValue> {
      const values: Record<string, DynamicValue> = {};
      for (const [key, setting] of Object.entries(map(value, 'dynamicConfig'))) {
        if (!/^[a-z]+\.[A-Za-z.]+$/.test(key))
          faults.push(`dynamicConfig.${key}: keys must look like service.settingName`);
        if (typeof setting === 'string' || typeof setting === 'number' || typeof setting === 'boolean')
          values[key] = setting;
        else faults.push(`dynamicConfig.${key} must be a string, a number or true/false`);
      }
      return values;
    },
  };
}
