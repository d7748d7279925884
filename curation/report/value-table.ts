import { LIMITS } from '../limits.ts';
import type { Markup } from './markup.ts';
import { html } from './markup.ts';
import type { Page } from './page.ts';
import type { PhotoReport, SignalValues } from './report.ts';

interface Row {
  readonly name: string;
  readonly value: string | Markup;
  /** The limits that it is compared with. */
  readonly limit: string;
  readonly mark?: 'drop' | 'warn';
}

/** Every measured value of a photo next to its limits; values beyond a limit are marked. */
export function valueTable(page: Page, photo: PhotoReport): Markup {
  const rows = [...(photo.signals === null ? [] : signalRows(photo.signals)), ...otherRows(page, photo)];
  return html`<table class="values">
    <thead>
      <tr>
        <th scope="col">Value</th>
        <th scope="col">Measured</th>
        <th scope="col">Limits</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ({ name, value, limit, mark }) =>
          html`<tr class="${mark ?? ''}">
            <th scope="row">${name}</th>
            <td>${value}${mark ? html` <span class="mark">${mark === 'drop' ? '✕' : '⚠'}</span>` : null}</td>
            <td>${limit}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function signalRows(signals: SignalValues): Row[] {
  const { sharpness, tileDetail, lumaP5, lumaP95, lumaP99, colourfulness, barShare } = signals;
  const spread = lumaP95 - lumaP5;
  return [
    {
      name: 'Sharpness',
      value: sharpness.toFixed(3),
      limit: `blurry below ${LIMITS.blurrySharpness}, soft below ${LIMITS.softSharpness}`,
      ...markBelow(sharpness, LIMITS.blurrySharpness, LIMITS.softSharpness),
    },
    {
      name: 'Detail of the sharpest parts',
      value: tileDetail.toFixed(0),
      limit: `blurry below ${LIMITS.blurryTileDetail}, soft below ${LIMITS.softTileDetail}; where contrast is above ${LIMITS.tileDetailSpread}`,
      ...(spread > LIMITS.tileDetailSpread
        ? markBelow(tileDetail, LIMITS.blurryTileDetail, LIMITS.softTileDetail)
        : {}),
    },
    {
      name: 'Darkest 5 % of the light',
      value: lumaP5.toFixed(0),
      limit: `blown out above ${LIMITS.blownP5}`,
      ...(lumaP5 > LIMITS.blownP5 ? { mark: 'warn' as const } : {}),
    },
    {
      name: 'Lightest 5 %',
      value: lumaP95.toFixed(0),
      limit: `too dark below ${LIMITS.tooDarkP95}`,
      ...markBelow(lumaP95, LIMITS.tooDarkP95, null),
    },
    {
      name: 'Lightest 1 %',
      value: lumaP99.toFixed(0),
      limit: `too dark below ${LIMITS.tooDarkP99}`,
      ...markBelow(lumaP99, LIMITS.tooDarkP99, null),
    },
    {
      name: 'Contrast',
      value: spread.toFixed(0),
      limit: `low below ${LIMITS.minLumaSpread}`,
      ...markBelow(spread, LIMITS.minLumaSpread, null),
    },
    {
      name: 'Colourfulness',
      value: colourfulness.toFixed(1),
      limit: `greyscale below ${LIMITS.greyscaleColourfulness}`,
      ...markBelow(colourfulness, null, LIMITS.greyscaleColourfulness),
    },
    {
      name: 'Share in bars',
      value: percent(barShare),
      limit: `warned above ${percent(LIMITS.barShare)}`,
      ...(barShare > LIMITS.barShare ? { mark: 'warn' as const } : {}),
    },
  ];
}

function otherRows({ photos, anchor }: Page, photo: PhotoReport): Row[] {
  const { quality, faces, identityDistance, framing, nearest, group, sha256, id, filename } = photo;
  const other = nearest === null ? undefined : photos.get(nearest.id);
  return [
    { name: 'Quality', value: quality === null ? '–' : quality.toFixed(2), limit: 'ranks photos, 0 to 1' },
    { name: 'Faces', value: faces === null ? 'not looked for' : String(faces), limit: '' },
    ...(identityDistance === null
      ? []
      : [
          {
            name: 'Distance to the other faces',
            value: identityDistance.toFixed(3),
            limit: `probably another person above ${LIMITS.otherPersonDistance}`,
            ...(identityDistance > LIMITS.otherPersonDistance ? { mark: 'warn' as const } : {}),
          },
        ]),
    ...(framing === null
      ? []
      : [
          { name: 'Framing found by', value: framing.source, limit: '' },
          {
            name: 'Heads from the top of the face down',
            value: framing.headsBelow === null ? '–' : framing.headsBelow.toFixed(2),
            limit: `portrait below ${LIMITS.portraitHeads}`,
          },
          {
            name: 'Face in the height',
            value: framing.faceShare === null ? '–' : percent(framing.faceShare),
            limit: `full body below ${percent(LIMITS.fullFaceShare)}`,
          },
        ]),
    {
      name: 'Nearest photo',
      value:
        nearest === null
          ? '–'
          : html`${other ? html`<a href="#${anchor(other.id)}"><bdi>${other.filename}</bdi></a>` : nearest.id},
            ${nearest.bits} of 256 bits differ${nearest.match === null ? '' : `, match ${nearest.match.toFixed(3)}`}`,
      limit: `copy up to ${LIMITS.copyBits} bits or above ${LIMITS.copyMatch}, very similar above ${LIMITS.similarMatch}`,
    },
    { name: 'Group', value: group === null ? 'on its own' : `group ${group}`, limit: '' },
    { name: 'SHA-256', value: html`<code>${sha256}</code>`, limit: '' },
    ...(id === filename ? [] : [{ name: 'Id', value: html`<code>${id}</code>`, limit: '' }]),
  ];
}

function markBelow(value: number, drop: number | null, warn: number | null): { mark?: 'drop' | 'warn' } {
  if (drop !== null && value < drop) return { mark: 'drop' };
  return warn !== null && value < warn ? { mark: 'warn' } : {};
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1).replace('.0', '')}\u00a0%`;
}
