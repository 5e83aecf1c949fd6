/** Depth, level and hydrograph of the shown run at the selected place. */
import { useEffect } from 'preact/hooks';
import { getJson, query } from '../api.ts';
import { city, run } from '../catalog.ts';
import { fixed } from '../format.ts';
import { t } from '../i18n/index.ts';
import { resource } from '../resource.ts';
import * as store from '../store.ts';
import { framesAt } from '../times.ts';
import type { LonLat, PointSeries } from '../types.ts';
import { Note, Shown } from '../ui/states.tsx';
import { Hydrograph } from './Hydrograph.tsx';

let place: LonLat = [0, 0];
const point = resource((signal) => {
  const asked = query({ lon: place[0], lat: place[1] });
  return getJson<PointSeries>(`/api/runs/${run.peek()?.id}/point${asked}`, signal);
});

function at(times: readonly number[], values: readonly number[], t: number): number | null {
  const [from, to, share] = framesAt(times, t);
  const [a, b] = [values[from], values[to]];
  return a == null || b == null ? null : a + (b - a) * share;
}

function Values({ series }: { series: PointSeries }) {
  const language = store.language.value;
  const m = (value: number | null | undefined) => (value == null ? '–' : `${fixed(value, language, 2)} m`);
  const now = store.time.value;
  const datum = city.data.value?.terrain?.vertical_datum;
  return (
    <>
      <dl class="facts">
        <div>
          <dt>{t('depth_now')}</dt>
          <dd>{m(at(series.times_s, series.depth_m, now))}</dd>
        </div>
        <div>
          <dt>{t('level_now')}</dt>
          <dd>{m(at(series.times_s, series.level_m, now))}</dd>
        </div>
        <div>
          <dt>{t('max_depth')}</dt>
          <dd>{m(series.max_depth_m)}</dd>
        </div>
        <div>
          <dt>{t('bed_level')}</dt>
          <dd>{m(series.bed_m)}</dd>
        </div>
      </dl>
      {datum && <p class="quiet small">{t('datum', { datum })}</p>}
      <Hydrograph series={series} />
    </>
  );
}

export function WaterHere({ lon, lat }: { lon: number; lat: number }) {
  const shown = run.value;
  const ready = shown?.status === 'done' ? shown.id : null;
  useEffect(() => {
    point.clear();
    place = [lon, lat];
    if (ready) void point.load();
  }, [lon, lat, ready]);
  if (!ready) return null;
  return (
    <section class="section">
      <h3>{t('water_here')}</h3>
      <p class="quiet small">
        {t('simulated')} · {shown!.title}
      </p>
      <Shown
        of={point}
        rows={4}
        empty={{ when: (series) => !series.inside, view: <Note icon="info" title={t('outside_model')} /> }}
      >
        {(series) => <Values series={series} />}
      </Shown>
    </section>
  );
}
