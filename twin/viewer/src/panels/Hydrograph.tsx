/** Depth over time at a place, drawn by uPlot, with the same numbers as a table for everyone. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { clock, fixed } from '../format.ts';
import { t } from '../i18n/index.ts';
import * as store from '../store.ts';
import type { PointSeries } from '../types.ts';

/** Colors of the canvas come from the style sheet, so both themes keep their contrast. */
export function inks(element: HTMLElement) {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return { text: read('--ink'), grid: read('--line'), water: read('--accent'), now: read('--mark') };
}

function options(chart: typeof uPlot, element: HTMLElement, series: PointSeries): uPlot.Options {
  const ink = inks(element);
  const font = '12px "Be Vietnam Pro", sans-serif';
  const axis = { stroke: ink.text, font, grid: { stroke: ink.grid, width: 1 }, ticks: { stroke: ink.grid } };
  const value = (digits: number) => (_: uPlot, v: number | null) =>
    v === null ? '–' : fixed(v, store.language.peek(), digits);
  return {
    width: element.clientWidth,
    height: 190,
    scales: { x: { time: false }, y: { range: (_, __, max) => [0, Math.max(max * 1.1, 0.1)] } },
    legend: { show: false },
    cursor: { y: false },
    axes: [
      { ...axis, values: (_, ticks) => ticks.map((v) => clock(v)), incrs: [300, 600, 900, 1800, 3600, 7200, 14400, 43200] },
      { ...axis, size: 46, values: (_, ticks) => ticks.map((v) => fixed(v, store.language.peek(), 1)) },
    ],
    series: [
      {},
      { label: t('depth'), stroke: ink.water, width: 2, fill: `${ink.water}33`, points: { show: series.times_s.length < 40 }, value: value(2) },
    ],
    hooks: {
      draw: [
        (plot) => {
          // where the time bar stands
          const x = Math.round(plot.valToPos(store.time.peek(), 'x', true));
          const { ctx, bbox } = plot;
          ctx.save();
          ctx.strokeStyle = ink.now;
          ctx.lineWidth = chart.pxRatio * 1.5;
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
          ctx.restore();
        },
      ],
    },
  };
}

export function Hydrograph({ series }: { series: PointSeries }) {
  const place = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState(false);
  const theme = store.theme.value;
  const language = store.language.value;
  useEffect(() => {
    let plot: uPlot | null = null;
    let gone = false;
    const stop = store.time.subscribe(() => plot?.redraw(false, false));
    Promise.all([import('uplot'), import('uplot/dist/uPlot.min.css')]).then(
      ([{ default: chart }]) => {
        if (gone || !place.current) return;
        plot = new chart(options(chart, place.current, series), [series.times_s, series.depth_m], place.current);
      },
      () => setFailed(true),
    );
    return () => {
      gone = true;
      stop();
      plot?.destroy();
    };
  }, [series, theme, language]);
  return (
    <figure class="hydrograph">
      <figcaption>{t('hydrograph')} (m)</figcaption>
      <div ref={place} role="img" aria-label={t('hydrograph')} />
      {failed && <p class="field-error">{t('offline_help')}</p>}
      <details>
        <summary>{t('as_table')}</summary>
        <div class="table-scroll low" tabIndex={0} role="region" aria-label={t('hydrograph')}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t('time')}</th>
                <th scope="col">{t('depth')} (m)</th>
                <th scope="col">{t('level')} (m)</th>
              </tr>
            </thead>
            <tbody>
              {series.times_s.map((s, i) => (
                <tr key={s}>
                  <th scope="row">{clock(s)}</th>
                  <td>{fixed(series.depth_m[i] ?? 0, language, 2)}</td>
                  <td>{series.level_m[i] == null ? '–' : fixed(series.level_m[i]!, language, 2)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}
