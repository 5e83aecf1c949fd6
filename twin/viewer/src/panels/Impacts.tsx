/** What the water reaches: counts by ward and depth class, and the features behind a row. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { getJson, query } from '../api.ts';
import { duration, fixed, number } from '../format.ts';
import { say, t } from '../i18n/index.ts';
import { byWard, type Line } from '../impact-lines.ts';
import { affected, map } from '../map-state.ts';
import { impactColor } from '../ramp.ts';
import { resource } from '../resource.ts';
import { runId, language, selection } from '../store.ts';
import type { ImpactFeatures, ImpactLayer, Impacts as Table, WardKind } from '../types.ts';
import { Icon } from '../ui/Icon.tsx';
import { Note, Shown } from '../ui/states.tsx';

const shownLayer = signal<ImpactLayer>('buildings');
/** The row whose features are listed: a ward (null: outside every ward) or all; from which class. */
const chosen = signal<{ ward_id: string | null; all: boolean; title: string; min: number } | null>(null);

/** Asked for; null leaves the choice to the server. */
const wards = signal<WardKind | null>(null);

const table = resource((signal) =>
  getJson<Table>(`/api/runs/${runId.peek()}/impacts${query({ wards: wards.peek() })}`, signal),
);
const features = resource((signal) => {
  const { ward_id = null, all = true, min = 0 } = chosen.peek() ?? {};
  const ward = all ? null : (ward_id ?? 'none');
  const asked = query({ ward_id: ward, min_class: min, wards: wards.peek() });
  return getJson<ImpactFeatures>(`/api/runs/${runId.peek()}/impacts/${shownLayer.peek()}${asked}`, signal);
});

const LAYERS: ImpactLayer[] = ['buildings', 'parcels', 'roads'];
const titles = { buildings: 'impact_buildings', parcels: 'impact_parcels', roads: 'impact_roads' } as const;

function value(amount: number, layer: ImpactLayer): string {
  if (amount === 0) return '·';
  return layer === 'roads' ? number(amount / 1000, language.value, amount < 1000 ? 2 : 1) : number(amount, language.value);
}

function classTitle({ from_m, to_m }: Table['classes'][number]): string {
  const from = number(from_m, language.value, 2);
  return to_m === null || to_m > 99 ? `≥ ${from}` : `${from}–${number(to_m, language.value, 2)}`;
}

function choose(next: NonNullable<typeof chosen.value>): void {
  chosen.value = next;
  features.clear();
  void features.load();
}

function Matrix({ data }: { data: Table }) {
  const layer = shownLayer.value;
  const lines = byWard(data.rows, layer, data.classes.length);
  const sums = data.classes.map((_, i) => lines.reduce((sum, line) => sum + (line.values[i] ?? 0), 0));
  const total = sums.reduce((a, b) => a + b, 0);
  if (!lines.length) return <Note icon="check" title={t('impact_none')} />;
  const all = t('all_wards');
  const pick = (line: Line | null, min: number) =>
    choose({
      ward_id: line?.ward_id ?? null,
      all: line === null,
      title: line ? (line.ward ?? t('no_ward')) : all,
      min,
    });
  const row = (line: Line | null, title: string, values: number[], sum: number) => (
    <tr key={line ? (line.ward_id ?? line.ward ?? '') : 'all'} class={line ? '' : 'sum'} aria-selected={chosen.value?.title === title}>
      <th scope="row">
        <button type="button" class="link" onClick={() => pick(line, 0)}>
          {title}
        </button>
      </th>
      {values.map((amount, i) => (
        <td key={i}>
          {amount > 0 ? (
            <button type="button" class="cell" aria-label={`${title}, ${classTitle(data.classes[i]!)} m: ${value(amount, layer)}`} onClick={() => pick(line, i)}>
              {value(amount, layer)}
            </button>
          ) : (
            <span class="quiet">·</span>
          )}
        </td>
      ))}
      <td>
        <strong>{value(sum, layer)}</strong>
      </td>
    </tr>
  );
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label={t('impacts')}>
      <table class="impacts">
        <thead>
          <tr>
            <th scope="col">{t('ward_depth')}</th>
            {data.classes.map((c, i) => (
              <th scope="col" key={i}>
                <span class="class-bar" style={{ background: impactColor(i) }} />
                {classTitle(c)}
              </th>
            ))}
            <th scope="col">
              {t('total')}
              {layer === 'roads' && ', km'}
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.length > 1 && row(null, all, sums, total)}
          {lines.map((line) => row(line, line.ward ?? t('no_ward'), line.values, line.total))}
        </tbody>
      </table>
    </div>
  );
}

function List() {
  const which = chosen.value;
  if (!which) return null;
  const from = table.data.value?.classes[which.min]?.from_m;
  const close = () => {
    chosen.value = null;
    features.clear();
  };
  return (
    <section class="affected" aria-label={t('affected_list')}>
      <div class="panel-head">
        <h4>
          {t(titles[shownLayer.value])} · {which.title}
          {from !== undefined && which.min > 0 && (
            <span class="quiet"> {t('affected_from', { m: number(from, language.value, 2) })}</span>
          )}
        </h4>
        <button type="button" class="icon-button tiny" aria-label={t('close')} onClick={close}>
          <Icon name="close" size={16} />
        </button>
      </div>
      <Shown of={features} empty={{ when: (f) => !f.features.length, view: <p class="quiet">{t('impact_none')}</p> }}>
        {(found) => (
          <>
            <p class="quiet small">
              {t('affected_shown', { n: number(found.features.length, language.value), total: number(found.total, language.value) })}
            </p>
            <ol class="affected-list">
              {found.features.slice(0, 200).map((f) => (
                <li key={f.id}>
                  <button
                    type="button"
                    aria-pressed={selection.value?.id === f.id}
                    onClick={() => {
                      selection.value = { layer: shownLayer.peek(), id: f.id, at: f.center };
                      map.value?.flyTo(f.center, 17);
                    }}
                  >
                    <span class="class-mark" style={{ background: impactColor(f.class) }} />
                    <span class="ellipsis">{f.name || f.id.slice(0, 8)}</span>
                    <strong>{fixed(f.max_depth_m, language.value, 2)} m</strong>
                    {f.arrival_s !== null && <span class="quiet">{t('after', { time: duration(f.arrival_s, language.value) })}</span>}
                  </button>
                </li>
              ))}
            </ol>
          </>
        )}
      </Shown>
    </section>
  );
}

/** Today's wards or those from before a reform: people know their street by either. */
function Wards({ shown }: { shown: WardKind }) {
  return (
    <label class="field inline">
      <span>{t('wards')}</span>
      <select
        value={shown}
        onChange={(event) => {
          wards.value = event.currentTarget.value as WardKind;
          chosen.value = null;
          features.clear();
          void table.load();
        }}
      >
        <option value="current">{t('wards_current')}</option>
        <option value="former">{t('wards_former')}</option>
      </select>
    </label>
  );
}

export function Impacts({ id }: { id: string }) {
  useEffect(() => {
    table.clear();
    chosen.value = null;
    wards.value = null;
    void table.load();
    return () => {
      affected.value = null;
    };
  }, [id]);
  const found = features.data.value;
  useEffect(() => {
    affected.value = chosen.value && found ? { layer: shownLayer.value, features: found.features } : null;
  }, [found, chosen.value, shownLayer.value]);
  return (
    <section class="section">
      <div class="panel-head">
        <h3>{t('impacts')}</h3>
        <a
          class="button small"
          href={`/api/runs/${id}/impacts.csv${query({ lang: language.value, wards: wards.value })}`}
          download
        >
          <Icon name="download" size={16} />
          CSV
        </a>
      </div>
      <div class="segmented wide small" role="group" aria-label={t('impact_layer')}>
        {LAYERS.map((layer) => (
          <button
            key={layer}
            type="button"
            aria-pressed={shownLayer.value === layer}
            onClick={() => {
              shownLayer.value = layer;
              chosen.value = null;
              features.clear();
            }}
          >
            {t(titles[layer])}
          </button>
        ))}
      </div>
      <Shown of={table} rows={5}>
        {(data) => (
          <>
            {shownLayer.value === 'roads' && <p class="quiet small">{t('length_km')}</p>}
            <Matrix data={data} />
            <List />
            {data.wards && <Wards shown={data.wards} />}
            <p class="quiet small">{say(data.left_out)}</p>
          </>
        )}
      </Shown>
    </section>
  );
}
