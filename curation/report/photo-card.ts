import type { SimilarPair } from '../contract.ts';
import type { Markup } from './markup.ts';
import { html } from './markup.ts';
import type { Page } from './page.ts';
import type { FramingFinding, PhotoReport } from './report.ts';
import { valueTable } from './value-table.ts';
import { DECISION_WORDS, FRAMING_WORDS, grouped, REASON_WORDS, WARNING_WORDS } from './words.ts';

const GLYPHS: Readonly<Record<PhotoReport['decision'], string>> = { keep: '✓', reserve: '○', drop: '✕' };

/** Everything about one photo; a repeat is shown beside the photo that it repeats. */
export function photoCard(page: Page, photo: PhotoReport): Markup {
  const anchor = page.anchor(photo.id);
  const repeated = photo.duplicateOf === null ? undefined : page.photos.get(photo.duplicateOf);
  return html`<article
    class="card ${photo.decision}${repeated ? ' pair' : ''}"
    id="${anchor}"
    aria-labelledby="${anchor}-name"
  >
    ${repeated ? sideBySide(page, photo, repeated) : html`<div class="pictures">${picture(page, photo)}</div>`}
    <div class="about">
      <h4 id="${anchor}-name"><bdi>${photo.filename}</bdi></h4>
      <p class="decision">
        ${badge(photo)}
        ${photo.reason === null ? null : html`<span class="reason">${REASON_WORDS[photo.reason].one}</span>`}
      </p>
      <p class="sentence">${photo.sentence}</p>
      ${photo.override === null ? null : overrideNote(photo.override)}
      ${photo.warnings.length === 0 ? null : warningList(photo)} ${facts(page, photo)}
    </div>
    <details>
      <summary>All values</summary>
      ${valueTable(page, photo)}
    </details>
  </article>`;
}

function sideBySide(page: Page, photo: PhotoReport, repeated: PhotoReport): Markup {
  return html`<div class="pictures">
    <figure>
      ${picture(page, photo)}
      <figcaption>This one<br />${measures(photo)}</figcaption>
    </figure>
    <figure>
      ${linkedPicture(page, repeated, `Kept: ${repeated.filename}`)}
      <figcaption>
        Kept: <a href="#${page.anchor(repeated.id)}"><bdi>${repeated.filename}</bdi></a
        ><br />${measures(repeated)}
      </figcaption>
    </figure>
  </div>`;
}

/** What decides which of two repeats is kept. */
function measures({ width, height, signals }: PhotoReport): string {
  const parts = [
    ...(width === null || height === null ? [] : [pixels(width, height)]),
    ...(signals === null ? [] : [`sharpness ${signals.sharpness.toFixed(2)}`]),
  ];
  return parts.join(', ');
}

/** Decision in colour, sign and word. */
export function badge({ decision }: Pick<PhotoReport, 'decision'>): Markup {
  return html`<span class="badge ${decision}"
    ><span aria-hidden="true">${GLYPHS[decision]}</span> ${DECISION_WORDS[decision]}</span
  >`;
}

/** A small picture that links to the photo's card. */
export function linkedPicture(page: Page, photo: PhotoReport, label: string): Markup {
  return html`<a class="to-photo ${photo.decision}" href="#${page.anchor(photo.id)}" title="${label}"
    >${picture(page, photo, label)}</a
  >`;
}

function picture({ set }: Page, { sha256, filename, decision }: PhotoReport, alt = filename): Markup {
  const jpeg = set.thumbnails.get(sha256);
  if (jpeg === undefined)
    return html`<span class="picture none" role="img" aria-label="${alt}: could not be shown"></span>`;
  const data = Buffer.from(jpeg).toString('base64');
  return html`<img
    class="picture ${decision}"
    alt="${alt}"
    loading="lazy"
    decoding="async"
    src="data:image/jpeg;base64,${data}"
  />`;
}

const RELATION_WORDS: Readonly<Record<SimilarPair['relation'], string>> = {
  exact: 'The same pixels',
  copy: 'A copy',
  crop: 'A part of the other',
  similar: 'Not the same photo, but very close',
};

function pairWords({ set }: Page, { id, duplicateOf }: PhotoReport): string | null {
  const pair = set.pairs.find(({ a, b }) => (a === id && b === duplicateOf) || (a === duplicateOf && b === id));
  if (pair === undefined) return null;
  const match = pair.match === null ? '' : `, match ${pair.match.toFixed(3)}`;
  return `${RELATION_WORDS[pair.relation]}${match}, ${pair.bits} of 256 bits differ`;
}

function overrideNote({ decision, framing, caption, by, why }: NonNullable<PhotoReport['override']>): Markup {
  const wishes = [
    ...(decision === 'pin' ? ['keep it'] : decision === 'exclude' ? ['leave it out'] : []),
    ...(framing === null ? [] : [`framing ${FRAMING_WORDS[framing].toLowerCase()}`]),
    ...(caption === null ? [] : ['own caption']),
  ];
  return html`<p class="override">
    <strong>By hand:</strong> <bdi>${by}</bdi> said ${wishes.join(', ')}${why === null ? '.' : html`: <q>${why}</q>`}
  </p>`;
}

function warningList({ warnings }: PhotoReport): Markup {
  return html`<ul class="warnings">
    ${warnings.map(
      ({ code, sentence }) =>
        html`<li><span aria-hidden="true">⚠</span> <strong>${WARNING_WORDS[code]}</strong> ${sentence}</li>`,
    )}
  </ul>`;
}

function facts(page: Page, photo: PhotoReport): Markup {
  const { width, height, framing, countsAs, output } = photo;
  const pair = pairWords(page, photo);
  return html`<dl class="facts">
    ${pair === null ? null : fact('Match', pair)}
    ${width === null || height === null ? null : fact('Size', pixels(width, height))}
    ${framing === null && countsAs === null ? null : fact('Framing', framingWords(photo, framing))}
    ${output === null ? null : fact('Trained as', trainedAs(photo, output))}
    ${output === null ? null : fact('Caption', html`<bdi>${output.caption.text}</bdi> <small>${CAPTION_SOURCES[output.caption.source]}</small>`)}
  </dl>`;
}

function trainedAs({ width, height }: PhotoReport, output: NonNullable<PhotoReport['output']>): Markup {
  const shrunk = output.width !== width || output.height !== height;
  const size = shrunk ? `, ${pixels(output.width, output.height)}` : '';
  return html`${output.filename}${size}, <strong>${output.repeats} ×</strong> per epoch`;
}

const CAPTION_SOURCES = {
  person: 'your own',
  vision: 'described by a model',
  template: 'from the template',
} as const;

function framingWords({ countsAs }: PhotoReport, finding: FramingFinding | null): Markup {
  if (finding === null) return html`${FRAMING_WORDS[countsAs!]} <small>by hand; nothing was found</small>`;
  const { framing, confidence, headsBelow, faceShare } = finding;
  const numbers = [
    ...(headsBelow === null ? [] : [`${headsBelow.toFixed(2)} heads high`]),
    ...(faceShare === null ? [] : [`face ${(faceShare * 100).toFixed(1)}\u00a0% of the height`]),
    ...(headsBelow === null && faceShare === null ? ['no face'] : []),
  ].join(', ');
  const measured = FRAMING_WORDS[framing];
  if (countsAs !== null && countsAs !== framing)
    return html`${FRAMING_WORDS[countsAs]}
      <small>by hand; measured ${measured.toLowerCase()}, ${confidence}: ${numbers}</small>`;
  if (confidence === 'clear') return html`${measured} <small>clear: ${numbers}</small>`;
  return html`${measured} <span class="uncertain">? uncertain</span> <small>${numbers}</small>`;
}

function fact(name: string, value: string | Markup): Markup {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

function pixels(width: number, height: number): string {
  return `${grouped(width)}\u00a0×\u00a0${grouped(height)}\u00a0px`;
}
