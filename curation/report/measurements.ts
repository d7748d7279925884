import { LIMITS } from '../limits.ts';
import { histogram } from './histogram.ts';
import type { Markup } from './markup.ts';
import { html } from './markup.ts';
import type { CurationReport } from './report.ts';

/** How sharpness, size and light are spread over the photos, with the limits that apply. */
export function measurements({ photos, training }: CurationReport): Markup {
  const measured = photos.flatMap(({ signals, decision, width, height }) =>
    signals === null || width === null || height === null ? [] : [{ signals, decision, area: width * height }],
  );
  const spread = (value: (photo: (typeof measured)[number]) => number) =>
    measured.map((photo) => ({ value: value(photo), decision: photo.decision }));
  const plain = (value: number) => String(value);
  const smallest = Math.min(...training.resolutions) ** 2;
  const largest = Math.max(...training.resolutions) ** 2;
  return html`<section id="measurements">
    <h2>Measurements</h2>
    <p class="legend">
      <span class="keep">kept</span> <span class="reserve">reserve</span> <span class="drop">dropped</span>
    </p>
    ${measured.length === 0 ? html`<p>No photo could be measured.</p>` : null}
    <div class="histograms">
      ${histogram({
        title: 'Sharpness',
        meaning: 'Share of fine detail that one more blur would take away.',
        values: spread(({ signals }) => signals.sharpness),
        limits: [
          { at: LIMITS.blurrySharpness, label: 'blurry' },
          { at: LIMITS.softSharpness, label: 'soft' },
        ],
        from: 0,
        to: 1,
        ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
        format: plain,
      })}
      ${histogram({
        title: 'Area',
        meaning: 'Megapixels of the upright photo. A trainer never enlarges.',
        values: spread(({ area }) => area),
        limits: [
          { at: LIMITS.minArea, label: 'too small' },
          { at: smallest, label: 'small' },
          ...(largest > smallest ? [{ at: largest, label: 'below target' }] : []),
        ],
        from: 62_500,
        to: 32e6,
        ticks: [125_000, 500_000, 2e6, 8e6, 32e6],
        logarithmic: true,
        format: megapixels,
      })}
      ${histogram({
        title: 'Brightness',
        meaning: 'Luma (0 to 255) that only the lightest 1 % of the photo passes.',
        values: spread(({ signals }) => signals.lumaP99),
        limits: [{ at: LIMITS.tooDarkP99, label: 'too dark' }],
        from: 0,
        to: 255,
        ticks: [0, 64, 128, 192, 255],
        format: plain,
      })}
      ${histogram({
        title: 'Contrast',
        meaning: 'Luma between the darkest and the lightest 5 %.',
        values: spread(({ signals }) => signals.lumaP95 - signals.lumaP5),
        limits: [{ at: LIMITS.minLumaSpread, label: 'low contrast' }],
        from: 0,
        to: 255,
        ticks: [0, 64, 128, 192, 255],
        format: plain,
      })}
    </div>
  </section>`;
}

function megapixels(area: number): string {
  const value = area / 1e6;
  return `${value < 1 ? Number(value.toFixed(2)) : Number(value.toFixed(1))} MP`;
}
