import type { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import type { SearchAttributeType, TemporalDevConfig } from '../config/temporal-dev.ts';

/** The wire's numbers: temporal.api.enums.v1.IndexedValueType. */
const VALUE_TYPES: Record<SearchAttributeType, number> = {
  Text: 1,
  Keyword: 2,
  Int: 3,
  Double: 4,
  Bool: 5,
  Datetime: 6,
  KeywordList: 7,
};

/**
 * Gives a namespace the retention and search attributes of temporal-dev.yaml; doing it twice changes nothing. Returns
 * one sentence per change. `namespace` overrides the file's name (a real cluster has its own). Throws when an attribute
 * exists with another type.
 */
export async function prepareNamespace(
  connection: Connection,
  config: TemporalDevConfig,
  namespace: string = config.namespace.name,
): Promise<string[]> {
  const changes: string[] = [];
  const retention = await setRetention(connection, namespace, config.namespace.retentionHours);
  if (retention !== null) changes.push(retention);
  changes.push(...(await addSearchAttributes(connection, namespace, config.searchAttributes)));
  return changes;
}

async function setRetention(connection: Connection, namespace: string, hours: number): Promise<string | null> {
  const described = await connection.workflowService.describeNamespace({ namespace });
  const seconds = Number(described.config?.workflowExecutionRetentionTtl?.seconds ?? 0);
  if (seconds === hours * 3600) return null;
  await connection.workflowService.updateNamespace({
    namespace,
    config: { workflowExecutionRetentionTtl: msToTs(hours * 3_600_000) },
  });
  return `retention of namespace ${namespace}: ${seconds / 3600} h -> ${hours} h`;
}

async function addSearchAttributes(
  connection: Connection,
  namespace: string,
  wanted: TemporalDevConfig['searchAttributes'],
): Promise<string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing: Record<string, number> = {};
  const clashes: string[] = [];
  for (const [name, type] of Object.entries(wanted)) {
    const present = customAttributes?.[name];
    if (present === undefined) missing[name] = VALUE_TYPES[type];
    else if (present !== VALUE_TYPES[type]) clashes.push(`${name} is ${typeName(present)}, wanted ${type}`);
  }
  if (clashes.length > 0)
    throw new Error(
      `Search attributes of namespace ${namespace} have another type: ${clashes.join('; ')}. Remove them first.`,
    );
  const names = Object.keys(missing);
  if (names.length === 0) return [];
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: missing });
  return names.map((name) => `search attribute ${name} (${wanted[name]}) added`);
}

function typeName(value: number): string {
  return Object.entries(VALUE_TYPES).find(([, number]) => number === value)?.[0] ?? `type ${value}`;
}
