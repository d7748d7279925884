import { describe, expect, it } from 'vitest';
import { HELP, parseArguments } from './arguments.ts';

const parse = (...args: string[]) => parseArguments(args, { directory: '/home/ada', cacheFolder: '/cache' });

describe('parseArguments', () => {
  it('fills what is left open', () => {
    expect(parse('photos')).toEqual({
      status: 'run',
      arguments: {
        folder: '/home/ada/photos',
        options: {
          subjectKind: 'person',
          mixPolicy: 'weights',
          mixTarget: { portrait: 20, upper: 70, full: 10 },
          minPhotos: 5,
          maxPhotos: 30,
          similarKept: 1,
          identityCheck: false,
        },
        training: { triggerWord: 'ohwx', resolutions: [512, 768, 1_024], divisor: 16 },
        json: false,
        reportFolder: null,
        pairsFile: null,
        overridesFile: null,
        captions: null,
        cacheFolder: '/cache',
      },
    });
  });

  it('takes every flag, paths from where the person is', () => {
    const flags =
      '--kind style --trigger sks --policy select --target 30/50/20 --min 3 --max 12 --similar 2 --resolutions 1024,512 --divisor 32 --overrides o.json --report out/ --json --pairs-json /tmp/p.json --cache c --captions-url http://127.0.0.1:11434/v1 --captions-model llava';

    expect(parse('/photos', ...flags.split(' '))).toEqual({
      status: 'run',
      arguments: {
        folder: '/photos',
        options: {
          subjectKind: 'style',
          mixPolicy: 'select',
          mixTarget: { portrait: 30, upper: 50, full: 20 },
          minPhotos: 3,
          maxPhotos: 12,
          similarKept: 2,
          identityCheck: false,
        },
        training: { triggerWord: 'sks', resolutions: [512, 1_024], divisor: 32 },
        json: true,
        reportFolder: '/home/ada/out',
        pairsFile: '/tmp/p.json',
        overridesFile: '/home/ada/o.json',
        captions: { baseUrl: 'http://127.0.0.1:11434/v1', model: 'llava' },
        cacheFolder: '/home/ada/c',
      },
    });
    expect(parse('photos', '--identity')).toMatchObject({ arguments: { options: { identityCheck: true } } });
    expect(parse('photos', '--no-cache')).toMatchObject({ arguments: { cacheFolder: null } });
  });

  it.each([
    [[], 'Name the folder that contains the photos.'],
    [['a', 'b'], 'One folder at a time; "b" is one too many.'],
    [['a', '--kind', 'dog'], '--kind takes person, style, object, not "dog".'],
    [
      ['a', '--target', '70/20'],
      '--target takes three percentages for portrait/upper/full, such as 20/70/10, not "70/20".',
    ],
    [['a', '--target', '70//30'], '--target must give portrait, upper and full as whole percentages from 0 to 100.'],
    [['a', '--target', '20/70/20'], '--target must add up to 100 percent.'],
    [['a', '--min', '9', '--max', '8'], '--min must not be above --max.'],
    [['a', '--max', '999'], '--max must be a whole number from 1 to 200.'],
    [['a', '--min', '5.5'], '--min takes a whole number, not "5.5".'],
    [['a', '--resolutions', '512,'], '--resolutions takes a whole number from 1 to 4096, not "".'],
    [['a', '--trigger', 'two words'], '--trigger takes one word of at most 64 characters.'],
    [['a', '--captions-url', 'http://x'], '--captions-url and --captions-model must be used together.'],
    [['a', '--kind', 'style', '--identity'], '--identity needs --kind person.'],
    [['a', '--fast'], "Unknown option '--fast'."],
    [['a', '--kind'], "Option '--kind <value>' argument missing."],
  ])('refuses %j with a sentence', (args, message) => {
    expect(parse(...args)).toEqual({ status: 'fault', message });
  });

  it('has help that names every flag and fits a terminal', () => {
    expect(parse('--help')).toEqual({ status: 'help' });
    expect(HELP.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect([...HELP.matchAll(/--([a-z-]+)/g)].map(([, name]) => name!).toSorted()).toMatchInlineSnapshot(`
      [
        "cache",
        "captions-model",
        "captions-url",
        "divisor",
        "identity",
        "json",
        "kind",
        "max",
        "min",
        "no-cache",
        "overrides",
        "pairs-json",
        "policy",
        "report",
        "resolutions",
        "similar",
        "target",
        "trigger",
      ]
    `);
  });
});
