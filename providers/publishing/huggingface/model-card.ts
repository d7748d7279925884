import { stringify } from 'yaml';
import type { PublicationSubject } from '../publisher.ts';

interface CardSample {
  /** Path in the repository. */
  readonly path: string;
  readonly prompt: string;
}

/**
 * Writes README.md: what the Hub shows and what tools read. Contains nothing of the training photos or their captions.
 */
export function modelCard({
  subject,
  samples,
}: {
  subject: PublicationSubject;
  samples: readonly CardSample[];
}): string {
  const isVideo = subject.baseModel.startsWith('wan');
  const pipeline = isVideo ? 'text-to-video' : 'text-to-image';
  const { licence } = subject;
  const frontMatter = {
    tags: [
      pipeline,
      subject.baseModel,
      'lora',
      'diffusers',
      ...(isVideo ? [] : ['template:sd-lora']),
      'ai-toolkit',
      'tempera',
    ],
    base_model: subject.baseModelRepo,
    instance_prompt: subject.triggerWord,
    pipeline_tag: pipeline,
    library_name: 'diffusers',
    license: licence.id,
    ...(licence.name !== undefined && { license_name: licence.name }),
    ...(licence.link !== undefined && { license_link: licence.link }),
    ...(samples.length > 0 && { widget: samples.map(({ path, prompt }) => ({ text: prompt, output: { url: path } })) }),
  };
  return `---
${stringify(frontMatter, { lineWidth: 0, defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' })}---

# ${plain(subject.name)}

A LoRA for ${plain(subject.baseModelRepo)}, trained for ${subject.steps} steps at rank ${subject.rank}.

<Gallery />

## Trigger word

Use ${code(subject.triggerWord)} in the prompt.

## Made by

Tempera, training ${code(subject.trainingId)}. The repository's tags (v1, v2, ...) name its versions: pin one to keep what you have.
`;
}

/** Escapes text so that Markdown and HTML show it literally. */
function plain(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.replace(/[\\`*_{}[\]<>#|!~&]/g, (character) =>
    character === '<' ? '&lt;' : character === '&' ? '&amp;' : `\\${character}`,
  );
}

function code(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.includes('`') ? `\`\` ${line} \`\`` : `\`${line}\``;
}
