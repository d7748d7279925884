import { FRAMINGS } from '../../core/curation.ts';
import type { CuratedSet } from '../contract.ts';
import type { Markup } from './markup.ts';
import { html } from './markup.ts';
import { measurements } from './measurements.ts';
import { orderPhotos, sheetOrder } from './order.ts';
import type { OrderedPhotos, ReasonFamily } from './order.ts';
import { STYLE } from './page-style.ts';
import { badge, linkedPicture, photoCard } from './photo-card.ts';
import type { Page } from './page.ts';
import type { Advice, Bucket, CurationReport, MixLine, PhotoReport } from './report.ts';
import { summarise } from './summary.ts';
import { counted, DECISION_WORDS, FRAMING_WORDS, grouped } from './words.ts';

/** Nothing may be fetched and no script may run, whatever a file name contains. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** The report as one page that needs nothing else: no network, no script. */
export function renderReport(set: CuratedSet): string {
  const { report } = set;
  const anchors = new Map(report.photos.map(({ id }, index) => [id, `photo-${index + 1}`]));
  const page: Page = {
    set,
    photos: new Map(report.photos.map((photo) => [photo.id, photo])),
    anchor: (photoId) => anchors.get(photoId) ?? 'photos',
  };
  const ordered = orderPhotos(report);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="color-scheme" content="light dark" />
        <title>Curation report: ${report.kept} of ${report.photos.length} photos</title>
        <style>
          ${{ markup: STYLE }}
        </style>
      </head>
      <body>
        <svg class="patterns" width="0" height="0" aria-hidden="true">
          <defs>
            <pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect width="5" height="5" />
              <line x1="0" y1="0" x2="0" y2="5" />
            </pattern>
          </defs>
        </svg>
        ${heading(report)} ${navigation(report)}
        <main>
          <div class="two">${planSection(page)}${mixSection(report)}</div>
          ${warningSection(report)} ${overview(page)} ${photoSections(page, ordered)} ${measurements(report)}
          ${bucketSection(report)} ${rules(report)}
        </main>
      </body>
    </html> `.markup;
}

const VERDICTS: Readonly<Record<CurationReport['verdict'], { readonly sign: string; readonly words: string }>> = {
  pass: { sign: '✓', words: 'Ready to train' },
  warnings: { sign: '⚠', words: 'Ready, with warnings' },
  blocked: { sign: '✕', words: 'Not ready to train yet' },
};

function heading(report: CurationReport): Markup {
  const { sign, words } = VERDICTS[report.verdict];
  const warned = report.photos.filter(({ decision, warnings }) => decision === 'keep' && warnings.length > 0).length;
  const shares = (['keep', 'reserve', 'drop'] as const).map((decision) => ({
    decision,
    count: countOf(report, decision),
  }));
  return html`<header>
    <p class="kind">Curation report for a ${report.options.subjectKind} LoRA</p>
    <h1 class="${report.verdict}"><span class="sign" aria-hidden="true">${sign}</span> ${words}</h1>
    <p class="summary">${summarise(report)}</p>
    <div class="shares" aria-hidden="true">
      ${shares.map(({ decision, count }) => (count === 0 ? null : html`<span class="${decision}" style="flex-grow:${count}"></span>`))}
    </div>
    <ul class="counts">
      ${shares.map(({ decision, count }) => html`<li><b>${count}</b> ${badge({ decision })}</li>`)}
      <li><b>${warned}</b> kept with warnings</li>
    </ul>
  </header>`;
}

function navigation(report: CurationReport): Markup {
  const entries: readonly (readonly [string, string, boolean])[] = [
    ['plan', 'Plan', true],
    ['mix', 'Mix', report.mix !== null],
    ['overview', 'Overview', report.photos.length > 0],
    ['dropped', `Dropped ${report.dropped}`, report.dropped > 0],
    ['kept', `Kept ${report.kept}`, report.kept > 0],
    ['reserve', `Reserve ${report.reserved}`, report.reserved > 0],
    ['measurements', 'Measurements', true],
    ['buckets', 'Buckets', true],
  ];
  return html`<nav aria-label="Sections">
    <ul>
      ${entries.map(([id, label, shown]) => (shown ? html`<li><a href="#${id}">${label}</a></li>` : null))}
    </ul>
  </nav>`;
}

const ADVICE_SIGNS: Readonly<Record<Advice['kind'], string>> = {
  add: '+',
  remove: '−',
  replace: '⇄',
  caption: '✎',
  fine: '✓',
};

function planSection(page: Page): Markup {
  const { plan } = page.set.report;
  const items = plan.map(({ kind, sentence, photoIds }) => {
    const photos = photoIds.flatMap((id) => page.photos.get(id) ?? []);
    return html`<li class="${kind}">
      <span class="sign" aria-hidden="true">${ADVICE_SIGNS[kind]}</span>
      <div>
        <p>${sentence}</p>
        ${photos.length === 0 ? null : html`<div class="strip">${photos.map((photo) => linkedPicture(page, photo, photo.filename))}</div>`}
      </div>
    </li>`;
  });
  return html`<section id="plan">
    <h2>What to do next</h2>
    ${
      items.length === 0
        ? html`<p>Nothing: the set is fine as it is.</p>`
        : html`<ol class="plan">
            ${items}
          </ol>`
    }
  </section>`;
}

const POLICY_WORDS: Readonly<Record<CurationReport['options']['mixPolicy'], string>> = {
  weights: 'All good photos are kept; rarer framings are shown more often.',
  select: 'More common framings are cut down to their share.',
  off: 'The mix is left as it is.',
};

function mixSection({ mix, options }: CurationReport): Markup | null {
  if (mix === null) return null;
  const rows = FRAMINGS.flatMap((framing) => mix.filter((line) => line.framing === framing)).map(mixRow);
  return html`<section id="mix">
    <h2>Mix against the target</h2>
    <p class="hint">${POLICY_WORDS[options.mixPolicy]} The bar is what the training sees, the line is the target.</p>
    ${rows}
  </section>`;
}

function mixRow({ framing, target, kept, repeats, effective, missing }: MixLine): Markup {
  const share = Math.min(100, Math.max(0, effective));
  return html`<div class="mix">
    <h3>${FRAMING_WORDS[framing]}</h3>
    <p class="effective"><b>${effective.toFixed(1)} %</b> of ${target} %</p>
    <div class="track" aria-hidden="true">
      <span class="fill" style="width:${share.toFixed(1)}%"></span
      ><span class="target" style="left:${Math.min(100, Math.max(0, target))}%"></span>
    </div>
    <p class="detail">
      ${counted(kept, 'photo')}, shown ${repeats} × per
      epoch${missing > 0 ? html`; <strong>${missing} more would help</strong>` : null}
    </p>
  </div>`;
}

function warningSection({ warnings }: CurationReport): Markup | null {
  if (warnings.length === 0) return null;
  return html`<section id="warnings" class="set-warnings">
    <h2>Warnings about the set</h2>
    <ul class="warnings">
      ${warnings.map((sentence) => html`<li><span aria-hidden="true">⚠</span> ${sentence}</li>`)}
    </ul>
  </section>`;
}

function overview(page: Page): Markup | null {
  const photos = sheetOrder(page.set.report);
  if (photos.length === 0) return null;
  return html`<section id="overview">
    <h2>Overview</h2>
    <p class="hint">Solid frame: kept. Dashed: reserve. Faded with a stroke: dropped. Each links to its card.</p>
    <div class="sheet">
      ${photos.map((photo) => linkedPicture(page, photo, `${photo.filename}: ${DECISION_WORDS[photo.decision].toLowerCase()}`))}
    </div>
  </section>`;
}

const FAMILY_WORDS: Readonly<Record<ReasonFamily, string>> = {
  repeats: 'Repeats of kept photos',
  quality: 'Not good enough',
  files: 'Files that cannot be used',
  choice: 'Left out by choice',
};

function photoSections(page: Page, { kept, reserve, dropped }: OrderedPhotos): Markup {
  const cards = (photos: readonly PhotoReport[]) =>
    html`<div class="cards">${photos.map((photo) => photoCard(page, photo))}</div>`;
  const report = page.set.report;
  return html`<div id="photos">
    ${
      dropped.length === 0
        ? null
        : html`<section id="dropped">
            <h2>Dropped <small>${report.dropped}</small></h2>
            ${dropped.map(
              ({ family, photos }) =>
                html`<h3>${FAMILY_WORDS[family]} <small>${photos.length}</small></h3>
                  ${cards(photos)}`,
            )}
          </section>`
    }
    ${
      kept.length === 0
        ? null
        : html`<section id="kept">
            <h2>Kept <small>${report.kept}</small></h2>
            <h3 class="hint">Uncertain framing and warnings first</h3>
            ${cards(kept)}
          </section>`
    }
    ${
      reserve.length === 0
        ? null
        : html`<section id="reserve">
            <h2>Reserve <small>${report.reserved}</small></h2>
            <h3 class="hint">Good photos that the mix does not need; the best first</h3>
            ${cards(reserve)}
          </section>`
    }
  </div>`;
}

function bucketSection({ buckets, training }: CurationReport): Markup {
  const resolutions = [...new Set(buckets.map(({ resolution }) => resolution))];
  return html`<section id="buckets">
    <h2>Buckets</h2>
    <p class="hint">
      Sizes that AI Toolkit will cut the kept photos to, with sides in steps of ${training.divisor}. Every resolution
      trains on every photo; nothing is enlarged. A bucket with fewer photos than the batch is filled up with repeats.
    </p>
    ${resolutions.length === 0 ? html`<p>No photo is kept, so there are none.</p>` : null}
    <div class="bucket-tables">${resolutions.map((resolution) => bucketTableOf(resolution, buckets))}</div>
  </section>`;
}

function bucketTableOf(resolution: number, buckets: readonly Bucket[]): Markup {
  const rows = buckets.filter((bucket) => bucket.resolution === resolution);
  return html`<table class="buckets">
    <caption>
      Resolution ${resolution}
      <small>${counted(rows.length, 'bucket')}</small>
    </caption>
    <thead>
      <tr>
        <th scope="col">Shape</th>
        <th scope="col">Size</th>
        <th scope="col">Photos</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ({ width, height, photos }) =>
          html`<tr>
            <td>${shape(width, height)}</td>
            <td>${grouped(width)} × ${grouped(height)}</td>
            <td>${photos}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function shape(width: number, height: number): Markup {
  const scale = 26 / Math.max(width, height);
  const [w, h] = [width * scale, height * scale];
  return html`<svg class="shape" width="28" height="28" viewBox="0 0 28 28" aria-hidden="true">
    <rect
      x="${(14 - w / 2).toFixed(1)}"
      y="${(14 - h / 2).toFixed(1)}"
      width="${w.toFixed(1)}"
      height="${h.toFixed(1)}"
    />
  </svg>`;
}

function rules({ options, rulesVersion, analyserVersion }: CurationReport): Markup {
  const { subjectKind, mixPolicy, mixTarget, minPhotos, maxPhotos, similarKept, identityCheck } = options;
  const target = FRAMINGS.map((framing) => `${mixTarget[framing]}\u00a0% ${FRAMING_WORDS[framing].toLowerCase()}`).join(
    ', ',
  );
  return html`<footer>
    <h2>How this was decided</h2>
    <p>
      Kind ${subjectKind}; ${minPhotos} to ${maxPhotos} photos; ${similarKept} of a group of very similar
      ones${subjectKind === 'person' ? `; target ${target}; policy ${mixPolicy}` : ''}${identityCheck ? '; faces compared' : ''}.
      Rules ${rulesVersion}, analyser ${analyserVersion}. The same photos and options give the same report.
    </p>
  </footer>`;
}

function countOf({ kept, reserved, dropped }: CurationReport, decision: PhotoReport['decision']): number {
  return { keep: kept, reserve: reserved, drop: dropped }[decision];
}
