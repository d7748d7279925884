import { describe, expect, test } from 'vitest';
import { readReply } from './reply.ts';

describe('readReply', () => {
  test.each([
    ['wearing a red coat, soft light', 'wearing a red coat, soft light'],
    ['"Wearing a red coat,\n soft light."', 'Wearing a red coat, soft light'],
    ['Sure! Here is a caption: wearing a red coat, soft light', 'wearing a red coat, soft light'],
    ['sure, red coat, soft light', 'red coat, soft light'],
    ['**Caption:** wearing a `red` coat', 'wearing a red coat'],
    ['- a red coat\n- soft light', 'a red coat, soft light'],
    ['<think>the user wants\na caption</think>a red coat', 'a red coat'],
    ['a red coat <lora:other:1> in [trigger] and ${HF_TOKEN}', 'a red coat in trigger and $ HF TOKEN'],
    ['a red coat, see https://evil.example/x?y', 'a red coat, see'],
    ['a sign that says "sorry, I cannot help"', 'a sign that says "sorry, I cannot help'],
    ['ein roter Mantel, weiches Licht', 'ein roter Mantel, weiches Licht'],
    ['红色外套，柔和的光', '红色外套，柔和的光'],
  ])('keeps the words of %j', (reply, text) => {
    expect(readReply(reply)).toEqual({ status: 'described', text });
  });

  test.each([
    '',
    ' \n ',
    '...',
    '""',
    '<think>thinking until the tokens ran out',
    "I'm sorry, but I can't help with that.",
    'I’m unable to describe people.',
    'Sorry, no.',
    'I cannot identify people in photos.',
    'As an AI, I have no eyes.',
    'Unfortunately this is not possible.',
    '"I can’t assist with that request."',
  ])('refuses %j', (reply) => {
    expect(readReply(reply).status).toBe('failed');
  });

  test('ends a reply that is too long at a whole phrase', () => {
    const reply = readReply('wearing a red coat, standing in a park, '.repeat(100));

    expect(reply.status === 'described' && reply.text).toMatch(/(coat|park)$/);
    expect(reply.status === 'described' && reply.text.length).toBeLessThanOrEqual(900);
    expect(reply.status === 'described' && reply.text.length).toBeGreaterThan(850);
  });
});
