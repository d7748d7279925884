/** Looks of the report. Neutral greys, so that the page does not colour the photos; system fonts, so that nothing is fetched. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #ececea; --sheet: #fafaf9; --card: #ffffff; --line: #d3d3cf; --text: #1b1b1a; --quiet: #5c5c58;
  --keep: #14713a; --reserve: #6a6a66; --drop: #b3261e; --warn: #8a5300; --accent: #2b5d8a;
  --keep-soft: #e3f1e7; --drop-soft: #fbe9e7; --warn-soft: #fbf0dc; --on: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #131312; --sheet: #1b1b1a; --card: #232322; --line: #3b3b39; --text: #ecece9; --quiet: #a5a5a0;
    --keep: #5cc281; --reserve: #a3a39e; --drop: #ff8a7d; --warn: #f0b354; --accent: #86b8e6;
    --keep-soft: #17301f; --drop-soft: #3a1c19; --warn-soft: #352810; --on: #131312;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 3.5rem; -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
header, main, nav ul { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
h1, h2, h3, h4, p, ul, ol, dl, figure { margin: 0; }
ul, ol { padding: 0; list-style: none; }
a { color: var(--accent); text-underline-offset: .15em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
small { font-size: .84rem; color: var(--quiet); font-weight: 400; }
.patterns { position: absolute; }
.patterns rect { fill: var(--drop-soft); }
.patterns line { stroke: var(--drop); stroke-width: 3.4; }

header { padding-top: 2.75rem; padding-bottom: 1.5rem; }
.kind { color: var(--quiet); }
h1 { font-size: clamp(1.9rem, 1.3rem + 2.6vw, 3rem); line-height: 1.12; letter-spacing: -.022em; font-weight: 680; margin: .15rem 0 .6rem; }
h1.pass .sign { color: var(--keep); } h1.warnings .sign { color: var(--warn); } h1.blocked .sign { color: var(--drop); }
.summary { font-size: 1.15rem; max-width: 62ch; }
.shares { display: flex; gap: 3px; height: .6rem; margin: 1.4rem 0 .8rem; }
.shares span { min-width: 4px; border-radius: 2px; }
.shares .keep { background: var(--keep); } .shares .reserve { background: var(--reserve); }
.shares .drop { background: repeating-linear-gradient(45deg, var(--drop) 0 4px, var(--drop-soft) 4px 6px); }
.counts { display: flex; flex-wrap: wrap; gap: .5rem 1.75rem; align-items: center; }
.counts b { font-size: 1.35rem; margin-right: .25rem; }

nav { position: sticky; top: 0; z-index: 2; background: var(--sheet); border-block: 1px solid var(--line); }
nav ul { display: flex; gap: .25rem; overflow-x: auto; scrollbar-width: none; }
nav li { flex: none; }
nav a { display: block; padding: .65rem .6rem; color: var(--text); text-decoration: none; white-space: nowrap; }
nav li:first-child a { padding-left: 0; }
nav a:hover { text-decoration: underline; }

main { padding-bottom: 4rem; }
section, footer { margin-top: 2.75rem; }
h2 { font-size: 1.45rem; line-height: 1.25; letter-spacing: -.012em; font-weight: 650; margin-bottom: .5rem; }
h3 { font-size: 1.05rem; font-weight: 620; }
section > h3 { margin: 1.5rem 0 .75rem; }
.hint { color: var(--quiet); max-width: 70ch; margin-bottom: .9rem; }
h3.hint { font-size: 1rem; font-weight: 400; margin-top: 0; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); column-gap: 3.5rem; }

.plan li { display: flex; gap: .8rem; padding: .8rem 0; border-top: 1px solid var(--line); }
.plan li:last-child { border-bottom: 1px solid var(--line); }
.plan .sign { flex: none; width: 1.7rem; height: 1.7rem; border-radius: 50%; display: grid; place-items: center; font-weight: 700; line-height: 1; color: var(--on); background: var(--accent); }
.plan .add .sign, .plan .fine .sign { background: var(--keep); }
.plan .remove .sign { background: var(--drop); }
.plan .replace .sign, .plan .caption .sign { background: var(--warn); }
.strip { display: flex; flex-wrap: wrap; gap: .4rem; margin-top: .5rem; }
.strip .picture { width: 3.6rem; height: 3.6rem; object-fit: cover; }

.mix { display: grid; grid-template-columns: 1fr auto; column-gap: 1rem; padding: .7rem 0 .8rem; border-top: 1px solid var(--line); }
.mix:last-child { border-bottom: 1px solid var(--line); }
.mix .track { grid-column: 1 / -1; position: relative; height: 1.1rem; margin: .35rem 0 .3rem; background: var(--line); border-radius: 3px; }
.mix .fill { position: absolute; inset: 0 auto 0 0; background: var(--accent); border-radius: 3px; }
.mix .target { position: absolute; top: -.3rem; bottom: -.3rem; width: 3px; margin-left: -1.5px; background: var(--text); outline: 1px solid var(--ground); }
.mix .detail { grid-column: 1 / -1; font-size: .92rem; color: var(--quiet); }
.mix strong { color: var(--text); }

.set-warnings { padding: 1.1rem 1.25rem; background: var(--warn-soft); border-left: 4px solid var(--warn); border-radius: 4px; }
.set-warnings h2 { font-size: 1.1rem; }
.warnings li { margin-top: .3rem; }
.warnings li > span { color: var(--warn); }

.picture { display: block; border-radius: 2px; background: var(--line); }
.picture.none {
  background: linear-gradient(to top right, transparent calc(50% - 1px), var(--quiet) calc(50% - 1px) calc(50% + 1px), transparent calc(50% + 1px)),
    linear-gradient(to bottom right, transparent calc(50% - 1px), var(--quiet) calc(50% - 1px) calc(50% + 1px), transparent calc(50% + 1px)), var(--ground);
  outline: 1px solid var(--quiet); outline-offset: -1px;
}
.to-photo { position: relative; display: block; }
.sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(4.75rem, 1fr)); gap: .5rem; }
.sheet .picture { width: 100%; aspect-ratio: 1; object-fit: cover; }
.sheet .to-photo { border: 3px solid var(--keep); border-radius: 4px; }
.sheet .to-photo.reserve { border: 3px dashed var(--reserve); }
.sheet .to-photo.drop { border-color: var(--drop); }
.sheet .drop .picture { opacity: .45; }
.sheet .to-photo.drop:has(img)::after {
  content: ""; position: absolute; inset: 0;
  background: linear-gradient(to bottom right, transparent calc(50% - 1.5px), var(--drop) calc(50% - 1.5px) calc(50% + 1.5px), transparent calc(50% + 1.5px));
}

.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr)); gap: .9rem; }
.card { display: grid; grid-template-columns: 10rem minmax(0, 1fr); grid-template-rows: 1fr auto; gap: .6rem 1.1rem; padding: 1rem; background: var(--card); border: 1px solid var(--line); border-left: 5px solid var(--keep); border-radius: 5px; }
.card.reserve { border-left: 5px dashed var(--reserve); }
.card.drop { border-left: 5px double var(--drop); }
.card:target { outline: 3px solid var(--accent); outline-offset: 2px; }
.pictures .picture { max-width: 10rem; max-height: 10rem; }
.pictures .picture.none { width: 10rem; height: 7rem; }
.card.pair { grid-template-columns: minmax(0, 1fr); grid-template-rows: auto 1fr auto; gap: .8rem; }
.pair .pictures { display: grid; grid-template-columns: 1fr 1fr; grid-template-rows: auto auto; gap: .45rem .8rem; width: 100%; }
.pair figure { display: grid; grid-row: span 2; grid-template-rows: subgrid; align-items: end; justify-items: start; }
.pair figcaption { align-self: start; font-size: .84rem; line-height: 1.4; color: var(--quiet); }
.pair .picture { max-width: 100%; max-height: 11rem; }
.pair .to-photo .picture { outline: 3px solid var(--keep); outline-offset: 1px; }
h4 { font-size: 1.05rem; line-height: 1.3; font-weight: 640; }
.badge { display: inline-block; padding: .05rem .5rem; border-radius: 3px; font-size: .84rem; font-weight: 650; line-height: 1.5; color: var(--on); background: var(--keep); white-space: nowrap; }
.badge.drop { background: var(--drop); }
.badge.reserve { background: transparent; color: var(--text); box-shadow: inset 0 0 0 1.5px var(--reserve); }
.decision { margin: .3rem 0 .45rem; }
.reason { font-weight: 620; }
.override { font-size: .92rem; margin-top: .45rem; padding: .35rem .6rem; background: var(--ground); border-radius: 3px; }
.card .warnings { font-size: .92rem; margin-top: .45rem; padding: .15rem .6rem .4rem; background: var(--warn-soft); border-radius: 3px; }
.facts { margin-top: .6rem; font-size: .92rem; }
.facts div { display: flex; gap: .75rem; padding: .16rem 0; }
.facts dt { flex: none; width: 5.4rem; color: var(--quiet); }
.facts dd { margin: 0; min-width: 0; }
.uncertain { font-weight: 650; color: var(--warn); white-space: nowrap; }
details { grid-column: 1 / -1; font-size: .92rem; }
summary { width: fit-content; cursor: pointer; color: var(--accent); padding: .15rem 0; }

table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .32rem .8rem .32rem 0; border-bottom: 1px solid var(--line); }
thead th { color: var(--quiet); font-weight: 500; font-size: .84rem; }
tbody th { font-weight: 400; }
.values { table-layout: fixed; font-size: .84rem; margin-top: .3rem; overflow-wrap: break-word; }
.values th, .values td { width: 30%; padding-right: .6rem; } .values th:first-child { width: 33%; }
.values td:last-child { color: var(--quiet); padding-right: 0; }
.values .drop td:nth-child(2), .values .drop .mark { color: var(--drop); font-weight: 650; }
.values .warn td:nth-child(2), .values .warn .mark { color: var(--warn); font-weight: 650; }
code { font: .9em ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", monospace; }
.bucket-tables { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); gap: 1.5rem 3rem; align-items: start; }
.buckets caption { text-align: left; font-weight: 620; padding-bottom: .3rem; }
.buckets td { vertical-align: middle; }
.shape { display: block; } .shape rect { fill: none; stroke: var(--text); stroke-width: 1.4; }

.histograms { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 27rem), 1fr)); gap: 2rem 3.5rem; }
.histogram svg { display: block; width: 100%; max-width: 34rem; height: auto; margin-top: .5rem; overflow: visible; }
.histogram figcaption p, .reading { color: var(--quiet); font-size: .92rem; }
.histogram text { font-size: 12px; fill: var(--text); } .histogram .tick, .histogram .count { fill: var(--quiet); }
.column.keep { fill: var(--keep); } .column.reserve { fill: var(--card); stroke: var(--reserve); } .column.drop { fill: url(#hatch); stroke: var(--drop); }
.axis { stroke: var(--quiet); }
.limit line { stroke: var(--text); stroke-width: 1.5; stroke-dasharray: 4 3; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin-bottom: 1.25rem; color: var(--quiet); }
.legend span::before { content: ""; display: inline-block; width: .9rem; height: .9rem; margin-right: .4rem; vertical-align: -.1rem; border: 1px solid var(--reserve); background: var(--card); }
.legend .keep::before { background: var(--keep); border-color: var(--keep); }
.legend .drop::before { border-color: var(--drop); background: repeating-linear-gradient(45deg, var(--drop) 0 3px, var(--drop-soft) 3px 5px); }
footer { padding-top: 1.25rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: .92rem; }
footer h2 { font-size: 1rem; color: var(--text); }

@media (max-width: 34rem) {
  header { padding-top: 1.75rem; }
  .card, .card.pair { grid-template-columns: minmax(0, 1fr); grid-template-rows: none; gap: .7rem; }
}
@media print {
  :root { --ground: #fff; --sheet: #fff; }
  nav { display: none; }
  .card, .mix, .histogram { break-inside: avoid; }
}
`;
