/** The servers of a test run are there and are what the tests take them for. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import pg from 'pg';
import { createTestDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';
import { servers } from './provided.ts';
import { createTestBucket, describeS3 } from './s3.ts';
import { temporalConnection } from './temporal.ts';
import { createWorld } from './world.ts';
import type { World } from './world.ts';

describe('the servers of a test run', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  test('a test database has the migrated tables and nothing in them', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query('SELECT count(*)::int AS trainings FROM lora_models');
    await client.end();

    expect(rows).toEqual([{ trainings: 0 }]);
  });

  test('Temporal has our search attributes and keeps finished trainings for 30 days', async () => {
    const { connection, namespace } = await temporalConnection();
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const described = await connection.workflowService.describeNamespace({ namespace });
    await connection.close();

    expect(Object.keys(customAttributes ?? {})).toEqual(expect.arrayContaining(['LoraStatus', 'LoraCostUsd']));
    expect(Number(described.config?.workflowExecutionRetentionTtl?.seconds)).toBe(720 * 3600);
  });

  test("Temporal's Web UI answers", async () => {
    expect((await fetch(servers().temporal.uiUrl)).status).toBe(200);
  });

  test('worlds of the emulator are private', async () => {
    const [one, other] = [createWorld(), createWorld()];
    await one.addFault({ at: 'pods.create', effect: 'no-capacity', times: 0 });
    await one.configure({ loraBytes: 123_456 });
    const listed = await podsIn(other);
    const faultsOf = ({ faults }: World) => faults();
    const loraBytesOf = async ({ config }: World) => (await config()).loraBytes;

    expect([(await faultsOf(one)).length, (await faultsOf(other)).length]).toEqual([1, 0]);
    expect(await loraBytesOf(one)).toBe(123_456);
    expect(await loraBytesOf(other)).not.toBe(123_456);
    expect(listed).toBe(200);
    expect(Object.keys((await other.book()).requests)).toHaveLength(1);
    expect((await one.book()).requests).toEqual({});
  });
});

/** Asks a world's RunPod for its pods; answers the status. */
async function podsIn({ runpodUrl }: World): Promise<number> {
  return (await fetch(`${runpodUrl}/v2/pods`, { headers: { authorization: 'Bearer emulated' } })).status;
}

describeS3('the S3 server', () => {
  test('answers a signed request', async () => {
    const { client, bucket } = await createTestBucket();
    const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
    client.destroy();

    expect(Buckets.map(({ Name }) => Name)).toContain(bucket);
  });
});
