import { describe, expect, test } from 'vitest';
import { parseTemporalDevConfig, readTemporalDevConfig, TemporalDevConfigError } from './temporal-dev.ts';

describe('temporal-dev.yaml', () => {
  test('is usable as it stands', () => {
    const config = readTemporalDevConfig();

    expect(config.namespace).toEqual({ name: 'default', retentionHours: 720 });
    expect(config.searchAttributes['LoraCostUsd']).toBe('Double');
    expect(config.dynamicConfig['history.timerProcessorMaxTimeShift']).toBe('10ms');
  });

  test('all faults are reported at once, each with its path', () => {
    const text = [
      'server: { ip: 127.0.0.1, port: 70000, uiPort: 8233, databaseFile: "", logLevel: loud, colour: red }',
      'namespace: { name: default }',
      'searchAttributes: { Lora-Status: Keyword, A: Integer, B: Int, C: Int, D: Int, E: Int }',
      'dynamicConfig: { frontend.X: [1] }',
    ].join('\n');

    expect(() => parseTemporalDevConfig(text)).toThrowErrorMatchingInlineSnapshot(`
      [TemporalDevConfigError: temporal-dev.yaml is not usable:
      - server.colour is unknown; allowed here: ip, port, uiPort, databaseFile, logLevel
      - taskQueues is missing
      - server.port must be a whole number from 1 to 65535
      - server.databaseFile must be a non-empty string
      - server.logLevel must be one of debug, info, warn, error, never; it is "loud"
      - namespace.retentionHours is missing
      - searchAttributes.Lora-Status: a name may contain only letters and digits
      - searchAttributes.A must be one of Keyword, Int, Bool, Double, Datetime, Text, KeywordList; it is "Integer"
      - searchAttributes has 4 of type Int; a namespace has room for 3
      - dynamicConfig.frontend.X must be a string, a number or true/false
      - taskQueues.workflow is missing
      - taskQueues.io is missing
      - taskQueues.cpu is missing]
    `);
  });

  test('broken YAML and an empty file are faults, not crashes', () => {
    expect(() => parseTemporalDevConfig('server: [')).toThrow(TemporalDevConfigError);
    expect(() => parseTemporalDevConfig('')).toThrow(TemporalDevConfigError);
  });
});
