/** The command with which a pod fetches a save: carried out by a real bash and curl, and by the emulated container. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NewFault } from '../../emulator/client.ts';
import { splitArgs } from '../../emulator/shell/split-args.ts';
import { toArgs } from '../../providers/compute/runpod/args.ts';
import { createRunpodCompute } from '../../providers/compute/runpod/compute.ts';
import { pullCommand } from '../../providers/trainers/ai-toolkit/pull-command.ts';
import { createAiToolkitTrainer } from '../../providers/trainers/ai-toolkit/trainer.ts';
import { startCloud, until } from './world.ts';
import type { TestWorld } from './world.ts';

const JOB = 'lora_0123456789abcdef';
const WEIGHTS = `${JOB}_000000020.safetensors`;
const OPTIMIZER = Buffer.from('what the optimizer remembers');
const BODY = Buffer.alloc(300_000, 'weights');
const NOBODY_LISTENS = 'http://127.0.0.1:1/x';
const never = new AbortController().signal;
const trainer = createAiToolkitTrainer();

let cloud: Awaited<ReturnType<typeof startCloud>>;
let store: string;
let served: string[] = [];
/** Answers that come before the real ones. */
let refusals: number[] = [];
const server = createServer((req, res) => {
  served.push(req.url ?? '');
  const refusal = refusals.shift();
  if (refusal !== undefined) return res.writeHead(refusal).end('not now');
  res.end(req.url?.startsWith('/optimizer') ? OPTIMIZER : BODY);
});

beforeAll(async () => {
  cloud = await startCloud();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  store = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await cloud.close();
});
beforeEach(() => {
  served = [];
  refusals = [];
});

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const SIGNATURE = '?expires=1&signature=a-b_c%2F$(id)`id`"\'; touch owned #';

/** A save of two files; the addresses carry what a careless command would let out. */
function save(overrides: { optimizerUrl?: string; weightsHash?: string } = {}) {
  return [
    {
      filename: 'optimizer.pt',
      sizeBytes: OPTIMIZER.length,
      sha256: sha256(OPTIMIZER),
      url: overrides.optimizerUrl ?? `${store}/optimizer${SIGNATURE}`,
    },
    {
      filename: WEIGHTS,
      sizeBytes: BODY.length,
      sha256: overrides.weightsHash ?? sha256(BODY),
      url: `${store}/weights${SIGNATURE}`,
    },
  ];
}

describe('the command in a real shell', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'tempera-pull-'));
    await writeFile(join(home, 'start.sh'), '#!/bin/bash\necho "started in $PWD" > "$(dirname "$0")/started"\n');
    await chmod(join(home, 'start.sh'), 0o755);
    return () => rm(home, { recursive: true, force: true });
  });

  /** What a container does with `args`: split them, run them. */
  async function start(files: ReturnType<typeof save>) {
    const params = { jobName: JOB, files, trainingFolder: join(home, 'output'), startScript: join(home, 'start.sh') };
    const [program, ...args] = splitArgs(toArgs(pullCommand(params)));
    const { stdout, stderr } = await promisify(execFile)(program!, args, { cwd: home, timeout: 60_000 });
    const folder = join(home, 'output', JOB);
    return {
      folder,
      names: (await readdir(folder)).sort(),
      report: (await readFile(join(folder, 'tempera-pull.txt'), 'utf8')).trim(),
      printed: stdout + stderr,
      started: await readFile(join(home, 'started'), 'utf8'),
    };
  }

  it('puts a whole save in place, then starts as the image does', async () => {
    const { folder, names, report, started } = await start(save());

    expect(names).toEqual([WEIGHTS, 'optimizer.pt', 'tempera-pull.txt']);
    expect(await readFile(join(folder, WEIGHTS))).toEqual(BODY);
    expect(await readFile(join(folder, 'optimizer.pt'))).toEqual(OPTIMIZER);
    expect(report).toBe('whole');
    expect(started).toBe(`started in ${home}\n`);
  });

  it('lets nothing in an address be taken for a command', async () => {
    await start(save());

    expect((await readdir(home)).sort()).toEqual(['output', 'start.sh', 'started']);
    expect(decodeURIComponent(served[0]!)).toBe(decodeURIComponent(`/optimizer${SIGNATURE}`));
  });

  it('tries again after a refusal', async () => {
    refusals = [503];
    const { report } = await start(save());

    expect(report).toBe('whole');
  });

  it('keeps nothing of a save that is damaged, and starts all the same', async () => {
    const { names, report, started } = await start(save({ weightsHash: '0'.repeat(64) }));

    expect(names).toEqual(['tempera-pull.txt']);
    expect(report).toBe(`check ${WEIGHTS}`);
    expect(started).toContain('started');
  });

  it('reports a store that cannot be reached, starts, and prints no address', async () => {
    const { names, report, printed, started } = await start(save({ optimizerUrl: `${NOBODY_LISTENS}${SIGNATURE}` }));

    expect(names).toEqual(['tempera-pull.txt']);
    expect(report).toMatch(/^fetch optimizer\.pt\s+7 000$/);
    expect(printed).not.toContain('signature');
    expect(started).toContain('started');
  });
});

describe('the command in the emulated container', () => {
  let worlds = 0;
  async function rented(files: ReturnType<typeof save> | string, ...faults: NewFault[]) {
    worlds += 1;
    const world = await cloud.world(`start-${worlds}`, { clockFactor: 1_000 });
    await world.fault(...faults);
    const compute = createRunpodCompute({
      apiKey: 'emulated',
      apiUrl: `${world.url}/runpod`,
      proxyTemplate: `${world.url}/proxy/{podId}/{port}`,
    });
    const command = typeof files === 'string' ? ['bash', '-c', files] : trainer.pullCommand({ jobName: JOB, files });
    const outcome = await compute.create(
      {
        name: 'tempera-test-0000000000000000-a2p1',
        image: 'ostris/aitoolkit:0.12.26',
        diskGb: 60,
        httpPorts: [trainer.port],
        env: trainer.environment({ password: 'secret', gatedModel: false }),
        minCudaVersion: '13.0',
        command,
      },
      { gpu: 'NVIDIA GeForce RTX 4090', vramGb: 24, cloud: 'secure', hourlyMicroUsd: 740_000, dataCenters: [] },
      5_000,
    );
    if (outcome.status !== 'created') throw new Error(outcome.status);
    const target = { baseUrl: compute.portUrl(outcome.pod.id, trainer.port), password: 'secret' };
    return { world, podId: outcome.pod.id, target };
  }

  async function pulled(files: ReturnType<typeof save>, ...faults: NewFault[]) {
    const { world, podId, target } = await rented(files, ...faults);
    await until(async () => (await trainer.at(target).probe(never)).ready);
    const result = await trainer.at(target).pulled({ jobName: JOB, files, signal: never });
    return { result, left: await left(world, podId, files) };
  }

  /** Which files of the save the trainer hands out. */
  async function left(world: TestWorld, podId: string, files: ReturnType<typeof save>): Promise<string[]> {
    const answers = files.map(async ({ filename }) => {
      const path = encodeURIComponent(`/app/ai-toolkit/output/${JOB}/${filename}`);
      return { filename, ...(await world.toolkit(podId, 'HEAD', `/api/files/${path}`)) };
    });
    return (await Promise.all(answers)).filter(({ status }) => status === 200).map(({ filename }) => filename);
  }

  it('leaves the save where the trainer looks', async () => {
    const { result, left } = await pulled(save());

    expect(result).toEqual({ status: 'whole' });
    expect(left).toEqual(['optimizer.pt', WEIGHTS]);
  });

  it('tries again after a download that broke off', async () => {
    const { result } = await pulled(save(), { at: 'download', effect: 'truncate', bytes: 5 });

    expect(result).toEqual({ status: 'whole' });
    expect(served).toHaveLength(3);
  });

  it.each<[string, Omit<NewFault, 'at'>, RegExp]>([
    ['is unreachable', { effect: 'unreachable' }, /optimizer’s state from the object store: it could not be reached/],
    ['refuses', { effect: 'status', status: 403 }, /optimizer’s state: the object store answered HTTP 403/],
    [
      'breaks off',
      { effect: 'truncate', bytes: 9, match: { path: 'weights' } },
      /the weights .* the transfer was interrupted/,
    ],
    [
      'gives other bytes',
      { effect: 'corrupt', bytes: 9, match: { path: 'weights' } },
      /copy of the weights is damaged/,
    ],
  ])('says so when the store %s, and leaves nothing to go on from', async (_, fault, why) => {
    const { result, left } = await pulled(save(), { at: 'download', times: 0, ...fault });

    expect(result).toMatchObject({ status: 'failed', why: expect.stringMatching(why) });
    expect(left).toEqual([]);
  });

  it('says so when a pod was made without the order', async () => {
    const world = await cloud.world('start-none');
    const podId = await world.pod('a');
    const target = { baseUrl: `${world.url}/proxy/${podId}/8675`, password: 'secret' };

    expect(await trainer.at(target).pulled({ jobName: JOB, files: save(), signal: never })).toMatchObject({
      status: 'failed',
      why: expect.stringContaining('without the command'),
    });
  });

  it('does not trust a report of files that are not there', async () => {
    const { world, podId, target } = await rented(save());
    await until(async () => (await trainer.at(target).probe(never)).ready);
    const filePath = `/app/ai-toolkit/output/${JOB}/optimizer.pt`;
    await world.toolkit(podId, 'POST', '/api/files/delete', { filePath });

    const result = await trainer.at(target).pulled({ jobName: JOB, files: save(), signal: never });

    expect(result).toMatchObject({ status: 'failed', why: expect.stringContaining('optimizer’s state is missing') });
    expect(await left(world, podId, save())).toEqual([]);
  });

  it.each([
    ['an unknown program', 'wget https://example.org ; exec "/start.sh"'],
    ['an unknown option', 'curl -k --output "/x" "https://example.org" ; exec "/start.sh"'],
    ['a variable', 'echo "$HOME" ; exec "/start.sh"'],
    ['a pipe', 'echo a | bash ; exec "/start.sh"'],
    ['an open quote', 'echo "a ; exec /start.sh'],
    ['no start script', 'echo a'],
    ['another start script', 'exec "/other.sh"'],
  ])('never has an app with %s in its command', async (_, script) => {
    const { world, podId, target } = await rented(script);
    const state = async () => (await world.request('GET', `${world.url}/admin/state`)).body.pods[0];
    await until(async () => (await state()).hasPorts);
    await world.advance(60_000);

    expect((await state()).app).toBeNull();
    expect((await trainer.at(target).probe(never)).ready).toBe(false);
    expect((await world.runpod('GET', `/v2/pods/${podId}`)).body.status).toBe('RUNNING');
  });
});

describe('pullCommand', () => {
  it.each([
    ['a job', { jobName: 'a"; rm -rf /' }],
    ['a file', { files: [{ ...save()[0]!, filename: '../x' }] }],
    ['a hash', { files: [{ ...save()[0]!, sha256: 'z' }] }],
  ])('refuses %s whose name is none', (_, wrong) => {
    expect(() => pullCommand({ jobName: JOB, files: save(), ...wrong })).toThrow(
      expect.objectContaining({ code: 'INTERNAL', retryable: false }),
    );
  });

  it('stays far below the 102,400 bytes of a create body with the longest addresses of S3', () => {
    const url = `https://bucket.s3.amazonaws.com/${'k'.repeat(1_024)}?${'X'.repeat(3_000)}`;
    const files = Array.from({ length: 3 }, () => ({ ...save()[0]!, url }));

    expect(toArgs(pullCommand({ jobName: JOB, files })).length).toBeLessThan(20_000);
  });
});

describe('toArgs', () => {
  it('survives the splitting', () => {
    const words = ['bash', '-c', `it's "quoted" \\ and $open`, '', 'a=b'];

    expect(splitArgs(toArgs(words))).toEqual(words);
  });
});
