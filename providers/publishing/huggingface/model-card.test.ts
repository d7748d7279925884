import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { PublicationSubject } from '../publisher.ts';
import { modelCard } from './model-card.ts';

function card(subject: Partial<PublicationSubject>, samples: { path: string; prompt: string }[] = []) {
  const text = modelCard({
    subject: {
      trainingId: 'training-1',
      userId: 'user-1',
      name: 'Ada',
      characterId: null,
      triggerWord: 'ohwx',
      baseModel: 'flux',
      baseModelRepo: 'black-forest-labs/FLUX.1-dev',
      licence: { id: 'other', name: 'flux-1-dev-non-commercial-license', link: 'https://example.test/LICENSE.md' },
      steps: 1_000,
      rank: 16,
      files: [],
      samples: [],
      ...subject,
    },
    samples,
  });
  const [, front = '', body = ''] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text) ?? [];
  return { front: parse(front) as Record<string, unknown>, body };
}

describe('modelCard', () => {
  it('says in its front matter what the Hub asks for', () => {
    const { front, body } = card({}, [{ path: 'samples/1.jpg', prompt: 'ohwx on a bench' }]);

    expect(front).toEqual({
      tags: ['text-to-image', 'flux', 'lora', 'diffusers', 'template:sd-lora', 'ai-toolkit', 'tempera'],
      base_model: 'black-forest-labs/FLUX.1-dev',
      instance_prompt: 'ohwx',
      pipeline_tag: 'text-to-image',
      library_name: 'diffusers',
      license: 'other',
      license_name: 'flux-1-dev-non-commercial-license',
      license_link: 'https://example.test/LICENSE.md',
      widget: [{ text: 'ohwx on a bench', output: { url: 'samples/1.jpg' } }],
    });
    expect(body).toContain('<Gallery />');
    expect(body).toContain('Tempera, training `training-1`');
  });

  it.each([
    'yes',
    '- a: [b',
    '# not a comment',
    '"quoted" \\ \'both\'',
    '1e3',
    '---',
    '{x}: &y *z',
    'line\nbreak',
    'öhwx\u2028x',
  ])('keeps %j as it is in YAML', (text) => {
    const { front } = card({ triggerWord: text }, [{ path: 'samples/1.jpg', prompt: text }]);

    expect(front['instance_prompt']).toBe(text);
    expect(front['widget']).toEqual([{ text, output: { url: 'samples/1.jpg' } }]);
  });

  it('lets no name become HTML or Markdown', () => {
    const { body } = card({ name: '<script>x</script> [a](b) `c`', triggerWord: 'a`b' });

    expect(body).not.toContain('<script>');
    expect(body).toContain('# &lt;script\\>x&lt;/script\\> \\[a\\](b) \\`c\\`');
    expect(body).toContain('`` a`b ``');
  });

  it('calls a video LoRA one', () => {
    expect(card({ baseModel: 'wan-2.2' }).front).toMatchObject({ pipeline_tag: 'text-to-video' });
  });
});
