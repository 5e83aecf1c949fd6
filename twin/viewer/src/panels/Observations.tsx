/** What a sensor measured in the last week, with its alarm levels. */
import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { getJson } from '../api.ts';
import { age, dateTime, fixed, unit } from '../format.ts';
import { t } from '../i18n/index.ts';
import { resource } from '../resource.ts';
import * as store from '../store.ts';
import { Shown } from '../ui/states.tsx';
import { inks } from './Hydrograph.tsx';

interface Series {
  unit: string | null;
  alarms: (number | null)[];
  times: string[];
  values: number[];
}

let sensor = '';
const week = resource((signal) => getJson<Series>(`/api/sensors/${sensor}/observations`, signal));

function options(element: HTMLElement, series: Series): uPlot.Options {
  const ink = inks(element);
  const font = '12px "Be Vietnam Pro", sans-serif';
  const axis = { stroke: ink.text, font, grid: { stroke: ink.grid, width: 1 }, ticks: { stroke: ink.grid } };
  const levels = series.alarms.filter((level) => level !== null);
  return {
    width: element.clientWidth,
    height: 170,
    legend: { show: false },
    cursor: { y: false },
    scales: { y: { range: (_, low, high) => [Math.min(0, low), Math.max(high, ...levels) * 1.1 || 1] } },
    axes: [
      { ...axis, values: (_, ticks) => ticks.map((s) => new Date(s * 1000).toLocaleDateString(store.language.peek(), { day: 'numeric', month: 'numeric' })), space: 60 },
      { ...axis, size: 46 },
    ],
    series: [
      {},
      { stroke: ink.water, width: 1.5, points: { show: false } },
      ...levels.map(() => ({ stroke: ink.now, width: 1, dash: [5, 4], points: { show: false } })),
    ],
  };
}

function Chart({ series }: { series: Series }) {
  const place = useRef<HTMLDivElement>(null);
  const theme = store.theme.value;
  const language = store.language.value;
  useEffect(() => {
    let plot: uPlot | null = null;
    let gone = false;
    void Promise.all([import('uplot'), import('uplot/dist/uPlot.min.css')]).then(([{ default: UPlot }]) => {
      if (gone || !place.current) return;
      const x = series.times.map((time) => Date.parse(time) / 1000);
      const levels = series.alarms.filter((level) => level !== null);
      const lines = levels.map((level) => x.map(() => level));
      plot = new UPlot(options(place.current, series), [x, series.values, ...lines], place.current);
    });
    return () => {
      gone = true;
      plot?.destroy();
    };
  }, [series, theme, language]);
  return <div ref={place} role="img" aria-label={t('observations')} />;
}

function Latest({ series }: { series: Series }) {
  const language = store.language.value;
  const last = series.values.length - 1;
  const value = series.values[last]!;
  const reached = series.alarms.filter((level) => level !== null && value >= level).length;
  return (
    <dl class="facts">
      <div>
        <dt>{t('latest_value')}</dt>
        <dd>
          {fixed(value, language, 2)} {unit(series.unit)}
        </dd>
      </div>
      <div>
        <dt>{t('measured')}</dt>
        <dd title={dateTime(series.times[last]!, language)}>{age(series.times[last]!, language)}</dd>
      </div>
      {series.alarms.some((level) => level !== null) && (
        <div>
          <dt>{t('alarm')}</dt>
          <dd>{reached ? t('alarm_level', { n: 'I'.repeat(reached) }) : t('alarm_none')}</dd>
        </div>
      )}
    </dl>
  );
}

export function Observations({ id }: { id: string }) {
  useEffect(() => {
    sensor = id;
    week.clear();
    void week.load();
  }, [id]);
  return (
    <section class="section">
      <h3>{t('observations')}</h3>
      <Shown of={week} rows={4} empty={{ when: (s) => !s.values.length, view: <p class="quiet">{t('observations_none')}</p> }}>
        {(series) => (
          <>
            <Latest series={series} />
            <Chart series={series} />
          </>
        )}
      </Shown>
    </section>
  );
}
