/**
 * Renders docs/events.md from the one catalogue in core/event.ts: `npx tsx dev/event-page.ts`. A test compares the
 * two.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVENTS } from '../core/event.ts';
import type { EventField } from '../core/event.ts';

export const EVENTS_FILE = join(import.meta.dirname, '..', 'docs', 'events.md');

export function renderEvents(): string {
  return [
    '# Events',
    '',
    'What is told about a training (`core/event.ts`; this page is rendered from it). Each event is written in the',
    'transaction of the change that it tells of, once however often the step is repeated. `GET /v1/trainings/:id/events`',
    'streams them: the number of an event as its id, the topic as its name, and `{ topic, createdAt, payload }` as its data.',
    '',
    ...Object.entries(EVENTS).flatMap(([topic, facts]) => [
      `## \`${topic}\``,
      '',
      `${facts.meaning} Once per ${facts.once}.${'isLast' in facts ? ' Nothing happens after it.' : ''}`,
      '',
      ...fieldTable(facts.payload),
      '',
    ]),
  ].join('\n');
}

function fieldTable(payload: Readonly<Record<string, EventField>>): string[] {
  const fields = Object.entries(payload);
  if (fields.length === 0) return ['Its payload is empty.'];
  return [
    '| field | value | meaning |',
    '| --- | --- | --- |',
    ...fields.map(([name, { type, meaning }]) => `| \`${name}\` | ${type} | ${meaning} |`),
  ];
}

if (process.argv[1] === import.meta.filename) writeFileSync(EVENTS_FILE, renderEvents());
