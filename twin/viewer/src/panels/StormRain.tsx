/** The rain of a storm: a design storm, even rain, or a gauge's CSV, with a look at it. */
import { ApiError, send } from '../api.ts';
import { type Key, t } from '../i18n/index.ts';
import { draft, edit, toScenario } from '../storm-form.ts';
import type { RainKind, RainPattern, Series } from '../types.ts';
import { RainPreview } from './RainPreview.tsx';
import { Field, NumberField, wrong } from './storm-fields.tsx';

async function readCsv(file: File): Promise<void> {
  try {
    const answer = await send<{ series: Series; total_mm: number }>(
      'POST',
      '/api/runs/rain-csv',
      await file.text(),
      'text/csv',
    );
    edit({ series: answer.series, seriesName: file.name });
    wrong.value = { ...wrong.peek(), 'rain.series': '' };
  } catch (error) {
    const message = error instanceof ApiError && error.message ? error.message : t('offline');
    edit({ series: [], seriesName: file.name });
    wrong.value = { ...wrong.peek(), 'rain.series': message };
  }
}

export function RainFields() {
  const d = draft.value;
  const kinds: [RainKind, Key][] = [
    ['design', 'rain_design'],
    ['uniform', 'rain_uniform'],
    ['series', 'rain_series'],
  ];
  return (
    <fieldset class="group-fields">
      <legend>{t('rain')}</legend>
      <div class="segmented wide" role="group" aria-label={t('rain')}>
        {kinds.map(([kind, label]) => (
          <button key={kind} type="button" aria-pressed={d.rainKind === kind} onClick={() => edit({ rainKind: kind })}>
            {t(label)}
          </button>
        ))}
      </div>
      {d.rainKind === 'series' ? (
        <Field field="rain.series" label="rain_file" help={t('rain_file_help')}>
          {(id, aria) => (
            <input
              id={id}
              type="file"
              accept=".csv,text/csv,text/plain"
              onChange={(event) => {
                const file = event.currentTarget.files?.[0];
                if (file) void readCsv(file);
              }}
              {...aria}
            />
          )}
        </Field>
      ) : (
        <div class="pair">
          <NumberField name="total_mm" field="rain.total_mm" label="rain_total" unit="mm" />
          <NumberField name="rain_min" field="rain.duration_s" label="rain_duration" unit={t('minutes')} />
        </div>
      )}
      {d.rainKind === 'design' && (
        <div class="pair">
          <Field field="rain.pattern" label="pattern">
            {(id, aria) => (
              <select
                id={id}
                value={d.pattern}
                onChange={(event) => edit({ pattern: event.currentTarget.value as RainPattern })}
                {...aria}
              >
                <option value="chicago">{t('pattern_chicago')}</option>
                <option value="triangular">{t('pattern_triangular')}</option>
                <option value="uniform">{t('pattern_uniform')}</option>
              </select>
            )}
          </Field>
          {d.pattern !== 'uniform' && (
            <NumberField name="peak" field="rain.peak" label="peak" unit="0–1" step="0.05" max="1" />
          )}
        </div>
      )}
      <RainPreview rain={toScenario(d).rain} run_s={Number(d.run_h) * 3600} />
    </fieldset>
  );
}
